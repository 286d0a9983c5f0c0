// SPDX-License-Identifier: GPL-2.0-only
/*
 * apic_access_page_move_test
 *
 * With VT-x, KVM backs the guest-physical page of the local APIC with an
 * ordinary page of the VMM's address space, the APIC-access page. Its address
 * is in the VMCS. The processor takes a guest's access to that page for an
 * access to the APIC, and an access to any other page for an access to memory.
 * The page is not pinned. When the mm moves it, KVM has to reload the address
 * before the guest can reach the new page. Otherwise the guest's APIC becomes
 * plain memory.
 *
 * Guests in xAPIC mode read registers of their APIC while the mm moves the
 * page. The host fills the page with a pattern that no register has. A read of
 * another value than the register's went to memory, and is a mismatch. A
 * sequence of mismatches of one vCPU is an episode.
 *
 * The test needs a guest that uses the page. It does if APICv is enabled. It
 * also does on the lab's kernel, whose parameter kvm.lab_way selects the way
 * that -w names. Each form checks by counts that the page was used that way.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "apic.h"
#include "kvm_util.h"
#include "numaif.h"
#include "processor.h"
#include "test_util.h"
#include "vmx.h"

#define PATTERN		0xa5
#define PAGE_BYTES	4096
#define MAX_VCPUS	2
#define MAX_PAGES	16
/* The lowest vCPU ID. An APIC ID of 0 would look like a zeroed page. */
#define FIRST_VCPU_ID	1
#define IDLE_VCPU_ID	(FIRST_VCPU_ID + MAX_VCPUS)
/* A memslot far above the guest's memory, which is added and removed. */
#define SPARE_SLOT	10
#define SPARE_GPA	0x40000000
#define SPARE_BYTES	(16 * PAGE_BYTES)
/* How many rounds of reads L1 does between two runs of L2. */
#define L1_ROUNDS	16

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#define RFLAGS_IF	BIT(9)

#define PARAM_DIR	"/sys/module/kvm/parameters/"

/* The values that one vCPU expects, and what it has read. In guest memory. */
struct reader {
	u32 id;
	u32 version;
	u32 round;
	bool in_episode;
	u64 reads;
	u64 mismatches;
	u64 episodes;
	/* The first mismatch. */
	u32 offset;
	u32 seen;
	u32 expected;
};

/* In guest memory, shared with the host. */
struct shared {
	bool stop;
	u64 moves;
	struct reader readers[MAX_VCPUS];
};

struct run;

struct form {
	const char *name;
	int nr_vcpus;
	bool pinned;
	bool nested;
	void (*meddle)(struct run *run);
	/* The only way (-w) to run this form with; NULL for all ways. */
	const char *only_way;
};

struct worker {
	struct run *run;
	struct kvm_vcpu *vcpu;
	pthread_t thread;
};

struct run {
	const struct form *form;
	struct kvm_vm *vm;
	struct worker workers[MAX_VCPUS];
	struct kvm_vcpu *idle_vcpu;
	struct shared *shared;
	void *page;
	void *spare;
	int pagemap;
	int compact;
	int nodes[2];
	unsigned int seed;
	unsigned int meddled;
	/* Posted after each move. The meddler waits for it. */
	sem_t moved;
	/* Posted by a vCPU after a signal has ended its KVM_RUN. */
	sem_t kicked;
};

struct counts {
	u64 moves;
	u64 reads;
	u64 mismatches;
	u64 episodes;
	/* VM exits of all kinds. */
	u64 exits;
	/* Read from the parameters of the lab's kernel. */
	u64 mapped;
	u64 apic_exits;
	u64 reloads;
};

static const char *way = "apicv";
static const char *mutant = "none";
static unsigned int max_seconds = 10;
static u64 max_moves = ~0ull;
static bool has_aid;

/* ----- the guests ----- */

static void note_mismatch(struct reader *reader, u32 offset,
			  u32 seen, u32 expected)
{
	if (!reader->mismatches) {
		reader->offset = offset;
		reader->seen = seen;
		reader->expected = expected;
	}
	if (!reader->in_episode)
		reader->episodes++;
	reader->mismatches++;
}

static void read_register(struct reader *reader, u32 offset,
			  u32 expected)
{
	u32 seen = xapic_read_reg(offset);

	if (seen != expected)
		note_mismatch(reader, offset, seen, expected);
	reader->in_episode = seen != expected;
	reader->reads++;
}

/*
 * Write and read the destination half of the ICR. A write to it sends no
 * interrupt, and a read returns the value written. The value changes from round
 * to round, and is never 0.
 */
static void read_apic(struct reader *reader)
{
	u32 destination = SET_APIC_DEST_FIELD(reader->round++ % 0x7f + 1);

	xapic_write_reg(APIC_ICR2, destination);
	read_register(reader, APIC_ICR2, destination);
	read_register(reader, APIC_ID, reader->id);
	read_register(reader, APIC_LVR, reader->version);
}

static void guest_code(struct shared *shared, int index)
{
	xapic_enable();
	/* Some emulators block host interrupts while the guest's IF is 0. */
	asm volatile("sti");
	while (!READ_ONCE(shared->stop))
		read_apic(&shared->readers[index]);
	GUEST_DONE();
}

static struct shared *l2_shared;

/* L2 runs until the page has moved, and then exits to L1. */
static void l2_guest_code(void)
{
	u64 moves = READ_ONCE(l2_shared->moves);

	while (READ_ONCE(l2_shared->moves) == moves &&
	       !READ_ONCE(l2_shared->stop))
		;
	vmcall();
}

/* Run L2 from its first instruction again. It does not depend on registers. */
static void rerun_l2(void *stack)
{
	GUEST_ASSERT_EQ(vmreadz(VM_EXIT_REASON), EXIT_REASON_VMCALL);
	vmwrite(GUEST_RIP, (u64)l2_guest_code);
	vmwrite(GUEST_RSP, (u64)stack);
	GUEST_ASSERT(!vmresume());
}

static void l1_guest_code(struct shared *shared, int index,
			  struct vmx_pages *vmx)
{
#define L2_STACK_WORDS 64
	unsigned long l2_stack[L2_STACK_WORDS];
	int i;

	xapic_enable();
	asm volatile("sti");
	l2_shared = shared;
	GUEST_ASSERT(prepare_for_vmx_operation(vmx));
	GUEST_ASSERT(load_vmcs(vmx));
	prepare_vmcs(vmx, l2_guest_code, &l2_stack[L2_STACK_WORDS]);
	/* Set L2's IF as well, see guest_code(). */
	vmwrite(GUEST_RFLAGS, X86_EFLAGS_FIXED | RFLAGS_IF);
	GUEST_ASSERT(!vmlaunch());

	while (!READ_ONCE(shared->stop)) {
		for (i = 0; i < L1_ROUNDS; i++)
			read_apic(&shared->readers[index]);
		rerun_l2(&l2_stack[L2_STACK_WORDS]);
	}
	GUEST_DONE();
}

static struct kvm_vcpu *kicked_vcpu;

/* With immediate_exit, a signal just before KVM_RUN is not lost. */
static void handle_kick(int signal)
{
	kicked_vcpu->run->immediate_exit = 1;
}

static bool was_kicked(struct worker *worker)
{
	if (errno != EINTR)
		return false;
	worker->vcpu->run->immediate_exit = 0;
	sem_post(&worker->run->kicked);
	return true;
}

static void *vcpu_thread(void *arg)
{
	struct worker *worker = arg;
	struct kvm_vcpu *vcpu = worker->vcpu;
	struct ucall uc;
	bool stop;
	int ret;

	/* While the page is read-only, a guest's write ends KVM_RUN with EFAULT. */
	do {
		stop = READ_ONCE(worker->run->shared->stop);
		ret = __vcpu_run(vcpu);
	} while (ret && (was_kicked(worker) || (errno == EFAULT && !stop)));
	TEST_ASSERT(!ret, KVM_IOCTL_ERROR(KVM_RUN, ret));

	/* The meddler must not wait for a vCPU that has ended. */
	sem_post(&worker->run->kicked);

	switch (get_ucall(vcpu, &uc)) {
	case UCALL_DONE:
		break;
	case UCALL_ABORT:
		REPORT_GUEST_ASSERT(uc);
		break;
	default:
		TEST_FAIL("vCPU %u left the guest: %s", vcpu->id,
			  exit_reason_str(vcpu->run->exit_reason));
	}
	return NULL;
}

/* ----- the page ----- */

/* Find the shared anonymous mappings of one page. Returns their number. */
static int find_pages(unsigned long *pages)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[512];
	int nr = 0;

	TEST_ASSERT(maps, "cannot read /proc/self/maps, errno %d", errno);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx rw-s", &start, &end) != 2 ||
		    end - start != PAGE_BYTES || !strstr(line, "/dev/zero"))
			continue;
		TEST_ASSERT(nr < MAX_PAGES, "too many shared pages");
		pages[nr++] = start;
	}
	fclose(maps);
	return nr;
}

static bool is_among(unsigned long page, const unsigned long *pages, int nr)
{
	while (nr--)
		if (pages[nr] == page)
			return true;
	return false;
}

/* KVM maps the page when it creates the first vCPU. */
static struct kvm_vcpu *add_first_vcpu(struct run *run, void *code)
{
	unsigned long before[MAX_PAGES], after[MAX_PAGES];
	int nr_before, nr_after, nr_new = 0;
	struct kvm_vcpu *vcpu;

	nr_before = find_pages(before);
	vcpu = vm_vcpu_add(run->vm, FIRST_VCPU_ID, code);
	nr_after = find_pages(after);

	while (nr_after--) {
		if (is_among(after[nr_after], before, nr_before))
			continue;
		run->page = (void *)after[nr_after];
		nr_new++;
	}
	TEST_ASSERT(nr_new == 1,
		    "the first vCPU brought %d shared pages, not the APIC-access page alone",
		    nr_new);
	return vcpu;
}

/* The page frame of the page, or 0 if none is mapped. */
static u64 page_frame(struct run *run)
{
	u64 entry;
	ssize_t ret;

	ret = pread(run->pagemap, &entry, sizeof(entry),
		    (unsigned long)run->page / PAGE_BYTES * sizeof(entry));
	TEST_ASSERT(ret == sizeof(entry), "cannot read the page map");
	return entry >> 63 ? entry & GENMASK_ULL(54, 0) : 0;
}

static void fill_page(struct run *run)
{
	memset(run->page, PATTERN, PAGE_BYTES);
}

/* ----- the movers ----- */

static void move_to_other_node(struct run *run)
{
	int node, status;

	if (syscall(__NR_move_pages, 0, 1, &run->page, NULL, &status, 0) ||
	    status < 0)
		return;
	node = status == run->nodes[0] ? run->nodes[1] : run->nodes[0];
	syscall(__NR_move_pages, 0, 1, &run->page, &node, &status,
		MPOL_MF_MOVE);
}

static void compact_memory(struct run *run)
{
	ssize_t ret = write(run->compact, "1", 1);

	TEST_ASSERT(ret == 1, "cannot compact the memory, errno %d", errno);
}

/* Free the page. The next access allocates another one. */
static void remove_page(struct run *run)
{
	int ret = madvise(run->page, PAGE_BYTES, MADV_REMOVE);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("madvise(MADV_REMOVE)", ret));
}

/* Invalidate without a move. KVM cannot map the page for writing meanwhile. */
static void flip_protection(struct run *run)
{
	TEST_ASSERT(!mprotect(run->page, PAGE_BYTES, PROT_READ) &&
		    !mprotect(run->page, PAGE_BYTES, PROT_READ | PROT_WRITE),
		    "cannot protect the page, errno %d", errno);
}

/* Reclaim the page, which moves it if there is swap. */
static void page_out(struct run *run)
{
	int ret = madvise(run->page, PAGE_BYTES, MADV_PAGEOUT);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("madvise(MADV_PAGEOUT)", ret));
}

static const struct mover {
	const char *name;
	void (*move)(struct run *run);
	/* How often in 256 moves. */
	unsigned int weight;
} movers[] = {
	{ "move_pages", move_to_other_node, 215 },
	{ "remove", remove_page, 16 },
	{ "mprotect", flip_protection, 16 },
	{ "pageout", page_out, 8 },
	{ "compaction", compact_memory, 1 },
};

/* How often each mover has changed the page frame. */
static u64 moved_by[ARRAY_SIZE(movers)];

static int choose_mover(struct run *run)
{
	unsigned int draw = rand_r(&run->seed) % 256;
	int i = 0;

	while (draw >= movers[i].weight)
		draw -= movers[i++].weight;
	return i;
}

/* Count a move only if the page frame has changed. */
static void move_once(struct run *run)
{
	u64 frame = page_frame(run);
	int i = choose_mover(run);

	movers[i].move(run);
	fill_page(run);
	if (page_frame(run) == frame)
		return;
	moved_by[i]++;
	WRITE_ONCE(run->shared->moves, run->shared->moves + 1);
	sem_post(&run->moved);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void move_all_the_while(struct run *run)
{
	time_t end = now() + max_seconds;

	while (now() < end && run->shared->moves < max_moves)
		move_once(run);
}

/* ----- the meddlers, which change something else at the same time ----- */

/*
 * Send a signal to the vCPU, and wait until it has left KVM_RUN. If a vCPU does
 * not react to signals while the page moves, the test hangs here.
 */
static void kick(struct run *run)
{
	kicked_vcpu = run->workers[0].vcpu;
	pthread_kill(run->workers[0].thread, SIGUSR1);
	sem_wait(&run->kicked);
}

/* The idle vCPU blocks interrupts, which inhibits APICv for the whole VM. */
static void toggle_inhibition(struct run *run)
{
	struct kvm_guest_debug debug = {};

	if (run->meddled % 2)
		debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_BLOCKIRQ;
	vcpu_guest_debug_set(run->idle_vcpu, &debug);
}

static void toggle_slot(struct run *run)
{
	vm_set_user_memory_region(run->vm, SPARE_SLOT, 0, SPARE_GPA,
				  run->meddled % 2 ? SPARE_BYTES : 0,
				  run->spare);
}

static void *meddler_thread(void *arg)
{
	struct run *run = arg;

	for (;;) {
		sem_wait(&run->moved);
		if (READ_ONCE(run->shared->stop))
			return NULL;
		run->meddled++;
		run->form->meddle(run);
	}
}

static const struct form forms[] = {
	{ .name = "pinned", .nr_vcpus = 1, .pinned = true },
	{ .name = "two", .nr_vcpus = 2 },
	{ .name = "nested", .nr_vcpus = 1, .nested = true },
	{ .name = "inhibit", .nr_vcpus = 1, .meddle = toggle_inhibition,
	  .only_way = "apicv" },
	{ .name = "memslots", .nr_vcpus = 1, .meddle = toggle_slot },
	{ .name = "kicked", .nr_vcpus = 1, .pinned = true, .meddle = kick },
};

/* ----- a run ----- */

static void add_vcpu(struct run *run, int index, vm_vaddr_t shared)
{
	void *code = run->form->nested ? (void *)l1_guest_code : guest_code;
	struct reader *reader = &run->shared->readers[index];
	struct kvm_lapic_state lapic;
	struct kvm_vcpu *vcpu;
	vm_vaddr_t vmx = 0;

	if (index)
		vcpu = vm_vcpu_add(run->vm, FIRST_VCPU_ID + index, code);
	else
		vcpu = add_first_vcpu(run, code);
	run->workers[index].run = run;
	run->workers[index].vcpu = vcpu;

	vcpu_ioctl(vcpu, KVM_GET_LAPIC, &lapic);
	reader->id = SET_APIC_DEST_FIELD(vcpu->id);
	reader->version = *(u32 *)&lapic.regs[APIC_LVR];
	if (run->form->nested)
		vcpu_alloc_vmx(run->vm, &vmx);
	vcpu_args_set(vcpu, 3, shared, index, vmx);
}

static void create_vm(struct run *run)
{
	vm_vaddr_t shared;
	int i;

	run->vm = vm_create(MAX_VCPUS + 1);
	virt_pg_map(run->vm, APIC_DEFAULT_GPA, APIC_DEFAULT_GPA);
	shared = vm_vaddr_alloc_page(run->vm);
	run->shared = addr_gva2hva(run->vm, shared);
	memset(run->shared, 0, sizeof(*run->shared));

	for (i = 0; i < run->form->nr_vcpus; i++)
		add_vcpu(run, i, shared);
	run->idle_vcpu = vm_vcpu_add(run->vm, IDLE_VCPU_ID, guest_code);
	fill_page(run);
}

static void open_files(struct run *run)
{
	run->pagemap = open_path_or_exit("/proc/self/pagemap", O_RDONLY);
	run->compact = open_path_or_exit("/proc/sys/vm/compact_memory",
					 O_WRONLY);
	run->spare = mmap(NULL, SPARE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TEST_ASSERT(run->spare != MAP_FAILED, "no memory for a slot");
}

static void close_files(struct run *run)
{
	close(run->pagemap);
	close(run->compact);
	munmap(run->spare, SPARE_BYTES);
}

static void start_thread(pthread_t *thread, void *(*code)(void *), void *arg)
{
	int ret = pthread_create(thread, NULL, code, arg);

	TEST_ASSERT(!ret, "cannot create a thread, errno %d", ret);
}

/* Pin a thread to CPU 0. The mover may run on the other CPUs. */
static void pin(pthread_t thread)
{
	cpu_set_t cpus;
	int ret;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	ret = pthread_setaffinity_np(thread, sizeof(cpus), &cpus);
	TEST_ASSERT(!ret, "pthread_setaffinity_np failed, errno %d", ret);
}

static void run_threads(struct run *run)
{
	struct worker *worker = run->workers;
	struct worker *end = worker + run->form->nr_vcpus;
	pthread_t meddler;

	for (; worker < end; worker++) {
		start_thread(&worker->thread, vcpu_thread, worker);
		if (run->form->pinned)
			pin(worker->thread);
	}
	if (run->form->meddle)
		start_thread(&meddler, meddler_thread, run);

	move_all_the_while(run);

	WRITE_ONCE(run->shared->stop, true);
	sem_post(&run->moved);
	if (run->form->meddle)
		pthread_join(meddler, NULL);
	while (worker-- > run->workers)
		pthread_join(worker->thread, NULL);
}

/* ----- counts ----- */

static u64 vcpu_exits(struct kvm_vcpu *vcpu)
{
	int i, fd = vcpu_get_stats_fd(vcpu);
	struct kvm_stats_desc *descs, *desc;
	struct kvm_stats_header header;
	u64 exits = 0;

	read_stats_header(fd, &header);
	descs = read_stats_descriptors(fd, &header);
	for (i = 0; i < header.num_desc; i++) {
		desc = get_stats_descriptor(descs, i, &header);
		if (!strcmp(desc->name, "exits"))
			read_stat_data(fd, &header, desc, &exits, 1);
	}
	free(descs);
	close(fd);
	TEST_ASSERT(exits, "KVM counted no exits of vCPU %u", vcpu->id);
	return exits;
}

static u64 read_param(const char *name)
{
	unsigned long long value;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), PARAM_DIR "%s", name);
	file = fopen(path, "r");
	TEST_ASSERT(file && fscanf(file, "%llu", &value) == 1,
		    "%s holds no number", path);
	fclose(file);
	return value;
}

/* Read the counts of the lab's kernel. Other kernels have none. */
static void read_aid(struct counts *counts)
{
	if (!has_aid)
		return;
	counts->mapped = read_param("lab_mapped");
	counts->apic_exits = read_param("lab_exits");
	counts->reloads = read_param("lab_reloads");
}

static void count_reader(struct run *run, int index, struct counts *counts)
{
	struct reader *reader = &run->shared->readers[index];

	counts->reads += reader->reads;
	counts->mismatches += reader->mismatches;
	counts->episodes += reader->episodes;
	counts->exits += vcpu_exits(run->workers[index].vcpu);
	if (reader->mismatches)
		pr_info("vCPU %u: register %#x read as %#x, not %#x; %lu of %lu reads are wrong\n",
			run->workers[index].vcpu->id, reader->offset, reader->seen,
			reader->expected, reader->mismatches, reader->reads);
}

static void count_run(struct run *run, const struct counts *before,
		      struct counts *counts)
{
	int i;

	read_aid(counts);
	counts->mapped -= before->mapped;
	counts->apic_exits -= before->apic_exits;
	counts->reloads -= before->reloads;
	counts->moves = run->shared->moves;
	for (i = 0; i < run->form->nr_vcpus; i++)
		count_reader(run, i, counts);
}

static void print_counts(const struct run *run, const struct counts *counts,
			 time_t seconds)
{
	int i;

	pr_info("way=%s form=%s mutant=%s moves=%lu reloads=%lu reads=%lu mismatches=%lu episodes=%lu exits=%lu apic_exits=%lu mapped=%lu meddled=%u seconds=%lu\n",
		way, run->form->name, mutant, counts->moves, counts->reloads,
		counts->reads, counts->mismatches, counts->episodes,
		counts->exits, counts->apic_exits, counts->mapped,
		run->meddled, seconds);
	pr_info("moved by");
	for (i = 0; i < ARRAY_SIZE(movers); i++) {
		pr_info(" %s=%lu", movers[i].name, moved_by[i]);
		moved_by[i] = 0;
	}
	pr_info("\n");
}

/* ----- verdict ----- */

static bool is_mutant(void)
{
	return strcmp(mutant, "none");
}

/*
 * Returns why the APIC-access page was not used the way that was asked for, or
 * NULL. An access that KVM emulates without the page is an exit, but not an
 * APIC-access exit. With a mutant, guests may access plain memory for a long
 * time, without exits. So do not compare the numbers of reads and exits then.
 */
static const char *why_not_active(const struct counts *counts)
{
	bool reads_exit = strcmp(way, "apicv");

	if (has_aid && !counts->mapped)
		return "the page was never mapped";
	if (reads_exit && !counts->apic_exits)
		return "nothing caused an APIC-access exit";
	if (reads_exit && !is_mutant() && counts->apic_exits < counts->reads / 2)
		return "reads did not cause APIC-access exits";
	if (!reads_exit && counts->exits > counts->reads / 2)
		return "reads exit, as they do without APICv";
	return NULL;
}

static const char *why_void(const struct counts *counts)
{
	if (!counts->moves)
		return "the page never moved";
	if (!counts->reads)
		return "the guest read nothing";
	return why_not_active(counts);
}

/* Returns true if the run was valid. Adds its mismatches to the total. */
static bool run_form(const struct form *form, unsigned int seed,
		     const int *nodes, u64 *mismatches)
{
	struct run run = { .form = form, .seed = seed };
	struct counts before = {}, counts = {};
	time_t start = now();
	const char *why;

	memcpy(run.nodes, nodes, sizeof(run.nodes));
	sem_init(&run.moved, 0, 0);
	sem_init(&run.kicked, 0, 0);
	read_aid(&before);
	create_vm(&run);
	open_files(&run);
	run_threads(&run);
	count_run(&run, &before, &counts);
	close_files(&run);
	kvm_vm_free(run.vm);

	print_counts(&run, &counts, now() - start);
	*mismatches += counts.mismatches;
	why = form->meddle && !run.meddled ? "nothing else happened" : why_void(&counts);
	if (why)
		pr_info("form %s proves nothing: %s\n", form->name, why);
	return !why;
}

/* ----- options ----- */

static bool write_param(const char *name, const char *word)
{
	char path[128];
	bool done;
	int fd;

	snprintf(path, sizeof(path), PARAM_DIR "%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	done = write(fd, word, strlen(word)) == strlen(word);
	close(fd);
	TEST_ASSERT(done, "%s does not take \"%s\"", path, word);
	return true;
}

/* Reset the parameters of the lab's kernel for the next program. */
static void leave(void)
{
	write_param("lab_way", "off");
	write_param("lab_mutant", "none");
}

static void choose_way(bool asked)
{
	has_aid = write_param("lab_way", way);
	if (has_aid || (!strcmp(way, "apicv") &&
			get_kvm_intel_param_bool("enable_apicv")))
		return;
	TEST_ASSERT(!asked, "-w %s: there is no " PARAM_DIR "lab_way", way);
	ksft_exit_skip("APICv is not enabled: KVM emulates the APIC without its page\n");
}

static void choose_mutant(void)
{
	bool done = write_param("lab_mutant", mutant);

	TEST_ASSERT(done || !is_mutant(),
		    "-m %s: there is no " PARAM_DIR "lab_mutant", mutant);
}

/* Find two NUMA nodes with memory, between which the page is moved. */
static void find_nodes(int *nodes)
{
	unsigned long mask = 0;
	int node, nr = 0;
	long ret;

	ret = get_mempolicy(NULL, &mask, sizeof(mask) * 8, NULL,
			    MPOL_F_MEMS_ALLOWED);
	TEST_ASSERT(!ret, "get_mempolicy failed, errno %d", errno);
	for (node = 0; node < sizeof(mask) * 8 && nr < 2; node++)
		if (mask & BIT(node))
			nodes[nr++] = node;
	__TEST_REQUIRE(nr == 2, "there is one NUMA node; boot with numa=fake=2");
}

static void print_help(const char *name)
{
	printf("%s: [-w WAY] [-f FORM] [-m MUTANT] [-t SECONDS] [-n MOVES] [-s SEED]\n"
	       " -w: how the page is used, apicv or flexpriority (apicv); the latter needs the laboratory's kernel\n"
	       " -f: pinned, two, nested, inhibit, memslots, kicked or all (all)\n"
	       " -m: a mutant of the laboratory's kernel; then mismatches are the success\n"
	       " -t, -n: a form ends after so many seconds (10) or moves (any number)\n"
	       " -s: the seed of the choice of movers, as a run printed it\n",
	       name);
	exit(1);
}

/* Returns why a form cannot run here, or NULL. */
static const char *why_skipped(const struct form *form)
{
	if (form->only_way && strcmp(form->only_way, way))
		return "there is nothing to inhibit this way";
	if (form->nested && !kvm_cpu_has(X86_FEATURE_VMX))
		return "KVM offers its guests no VMX";
	return NULL;
}

static bool run_forms(const char *wanted, unsigned int seed,
		      u64 *mismatches)
{
	bool all = !strcmp(wanted, "all"), good = true;
	int i, nodes[2], nr = 0;
	const char *why;

	find_nodes(nodes);
	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!all && strcmp(wanted, forms[i].name))
			continue;
		nr++;
		why = why_skipped(&forms[i]);
		if (why)
			pr_info("form %s skipped: %s\n", forms[i].name, why);
		else
			good &= run_form(&forms[i], seed, nodes, mismatches);
	}
	TEST_ASSERT(nr, "-f %s: there is no such form", wanted);
	return good;
}

int main(int argc, char *argv[])
{
	const char *wanted = "all";
	unsigned int seed = time(NULL);
	bool asked = false, good;
	u64 mismatches = 0;
	int opt;

	setbuf(stdout, NULL);
	while ((opt = getopt(argc, argv, "w:f:m:t:n:s:h")) != -1) {
		switch (opt) {
		case 'w':
			way = optarg;
			asked = true;
			break;
		case 'f':
			wanted = optarg;
			break;
		case 'm':
			mutant = optarg;
			break;
		case 't':
			max_seconds = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			max_moves = strtoull(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		default:
			print_help(argv[0]);
		}
	}

	__TEST_REQUIRE(is_intel_cpu() && this_cpu_has(X86_FEATURE_VMX),
		       "there is no VT-x");
	__TEST_REQUIRE(get_kvm_intel_param_bool("flexpriority"),
		       "there is no APIC-access page without flexpriority");
	signal(SIGUSR1, handle_kick);
	atexit(leave);
	choose_way(asked);
	choose_mutant();
	pr_info("seed=%u\n", seed);

	good = run_forms(wanted, seed, &mismatches);
	if (is_mutant()) {
		pr_info("mutant %s: %s\n", mutant,
			mismatches ? "caught" : "not caught");
		return !(good && mismatches);
	}
	if (mismatches)
		pr_info("the guest's APIC read as plain memory %lu times\n",
			mismatches);
	return !(good && !mismatches);
}
