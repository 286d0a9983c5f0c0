// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of arm-smmu-v3-range.h, against a model of the SMMU that decodes the fields
 * as the specification defines them.
 *
 * The commands must cover the range, and no more than the functions' comments say.
 * They must be few, and none may be reserved. The commands for DMA mappings must be
 * those that Linux 6.1 issues.
 */
#include <linux/kernel.h>
#include <linux/prandom.h>

#include <kunit/secondary_tlbs_recorder.h>

#include "../arm/arm-smmu-v3/arm-smmu-v3-range.h"
#include "range_edges.h"

static const unsigned int shifts[] = { 12, 14, 16 };

/* A limit on the commands of a range, so that a faulty loop ends. */
#define TOO_MANY	BIT(20)

/**
 * struct stream - the commands for a number of granules
 * @commands: the number of commands
 * @covered: the number of granules that they drop, from the first one on
 * @illegal: a command is reserved, or has a field that is too large
 */
struct stream {
	unsigned long commands;
	unsigned long covered;
	bool illegal;
};

/* Decode a command as the SMMU does: IHI 0070, 4.4.1.1. */
static void smmu_reads(struct stream *stream, unsigned int num, unsigned int scale,
		       bool ttl)
{
	stream->commands++;
	if (num > 31 || scale > 31 || (!num && !scale && !ttl)) {
		stream->illegal = true;
		return;
	}
	stream->covered += (num + 1UL) << scale;
}

/* The loop of the driver, which issues the commands. */
static struct stream stream_of(unsigned long granules, bool ttl)
{
	struct stream stream = {};
	unsigned long step;
	u8 num, scale;

	while (granules && stream.commands < TOO_MANY) {
		step = arm_smmu_tlbi_next(granules, &num, &scale);
		smmu_reads(&stream, num, scale, ttl);
		/* The driver's step must be what the SMMU drops. */
		if (stream.illegal || !step || step > granules ||
		    step != (num + 1UL) << scale) {
			stream.illegal = true;
			break;
		}
		granules -= step;
	}
	return stream;
}

static bool stream_is_right(struct kunit *test, size_t size, unsigned int shift, bool ttl)
{
	unsigned long granules = range_model_pages(0, size, shift);
	unsigned long more = !ttl && granules % 32 == 1;
	struct stream stream = stream_of(arm_smmu_tlbi_granules(size, shift, ttl), ttl);

	if (!stream.illegal && stream.covered == granules + more && stream.commands <= 8)
		return true;

	KUNIT_FAIL(test, "%zu bytes in granules of 2^%u%s: %lu of %lu, in %lu commands%s",
		   size, shift, ttl ? " with TTL" : "", stream.covered, granules + more,
		   stream.commands, stream.illegal ? ", an illegal one" : "");
	return false;
}

static void small_ranges_are_covered(struct kunit *test)
{
	unsigned int s, i, ttl;

	for (s = 0; s < ARRAY_SIZE(shifts); s++)
		for (ttl = 0; ttl < 2; ttl++)
			for (i = 1; i <= 4200; i++)
				if (!stream_is_right(test, (size_t)i << shifts[s], shifts[s], ttl))
					return;
}

/* A granule that is touched in part is dropped. */
static void part_of_a_granule_is_a_granule(struct kunit *test)
{
	unsigned int s, i;

	for (s = 0; s < ARRAY_SIZE(shifts); s++)
		for (i = 1; i <= 70; i++) {
			size_t size = (size_t)i << shifts[s];

			if (!stream_is_right(test, size - 1, shifts[s], false) ||
			    !stream_is_right(test, size + 1, shifts[s], false) ||
			    !stream_is_right(test, size + 1, shifts[s], true))
				return;
		}
}

/* One page costs two, because the only command that drops one granule is reserved. */
static void no_legal_command_without_level_is_one_granule(struct kunit *test)
{
	unsigned int num, scale, legal = 0, two = 0;

	for (num = 0; num < 32; num++)
		for (scale = 0; scale < 32; scale++) {
			struct stream stream = {};

			smmu_reads(&stream, num, scale, false);
			legal += stream.covered == 1;
			two += stream.covered == 2;
		}
	KUNIT_EXPECT_EQ(test, legal, 0);
	KUNIT_EXPECT_GT(test, two, 0);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_granules(SZ_4K, 12, false), 2UL);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_granules(SZ_4K, 12, true), 1UL);
}

static void one_page_is_one_command(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++) {
		size_t size = 1UL << shifts[s];

		KUNIT_EXPECT_EQ(test, 1UL,
				stream_of(arm_smmu_tlbi_granules(size, shifts[s], false),
					  false).commands);
		KUNIT_EXPECT_EQ(test, 1UL,
				stream_of(arm_smmu_tlbi_granules(size, shifts[s], true),
					  true).commands);
	}
}

/* A granule is added only if a command would be reserved without it. */
static void only_one_modulo_32_takes_one_more(struct kunit *test)
{
	unsigned long i;

	for (i = 1; i < 4200; i++)
		KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_granules(i * SZ_4K, 12, false) - i,
				i % 32 == 1 ? 1UL : 0UL);
}

/*
 * The commands of Linux 6.1 for DMA mappings. Each takes five bits of the number of
 * granules, from the lowest set bit on. From 2^32 granules on, SCALE does not fit.
 */
static bool as_ever(unsigned long granules)
{
	unsigned int shift = 0;
	unsigned long count, step;
	u8 num, scale;

	while (granules) {
		while (!(granules & 1UL << shift))
			shift++;
		count = granules >> shift & 31;
		step = arm_smmu_tlbi_next(granules, &num, &scale);
		if (shift > 31)
			return num != count - 1 || scale != shift;
		if (num != count - 1 || scale != shift || step != count << shift)
			return false;
		granules -= step;
	}
	return true;
}

static void dma_commands_are_as_ever(struct kunit *test)
{
	u64 seed = recorder_seed(test);
	unsigned long i, granules;
	struct rnd_state rnd;

	for (i = 1; i < 100000; i++)
		if (!as_ever(i)) {
			KUNIT_FAIL(test, "%lu granules", i);
			return;
		}

	recorder_random(&rnd, seed, 0);
	for (i = 0; i < 100000; i++) {
		granules = (u64)prandom_u32_state(&rnd) << 32 | prandom_u32_state(&rnd);
		granules >>= 28 + prandom_u32_state(&rnd) % 36;
		if (granules && !as_ever(granules)) {
			KUNIT_FAIL(test, "%lu granules", granules);
			return;
		}
	}
}

static void scale_never_leaves_its_field(struct kunit *test)
{
	unsigned int bit;

	for (bit = 0; bit < 52; bit++) {
		struct stream stream = stream_of(1UL << bit, true);

		KUNIT_EXPECT_FALSE_MSG(test, stream.illegal, "2^%u", bit);
		KUNIT_EXPECT_EQ_MSG(test, stream.covered, 1UL << bit, "2^%u", bit);
		if (bit <= 36)
			KUNIT_EXPECT_EQ_MSG(test, stream.commands, 1UL, "2^%u", bit);
	}
}

static void an_address_space_takes_at_most_8_commands(struct kunit *test)
{
	unsigned long granules, most = 0, commands;
	u64 seed = recorder_seed(test);
	struct rnd_state rnd;
	unsigned int i;

	recorder_random(&rnd, seed, 1);
	for (i = 0; i < 100000; i++) {
		granules = (u64)prandom_u32_state(&rnd) << 32 | prandom_u32_state(&rnd);
		granules = granules % ARM_SMMU_TLBI_MAX_GRANULES + 1;
		most = max(most, stream_of(granules, true).commands);
	}
	/* The worst case: bits 0, 5, 10 and so on, which all need their own command. */
	for (granules = 0, i = 0; i < 36; i += 5)
		granules |= 1UL << i;
	commands = stream_of(granules, true).commands;
	KUNIT_EXPECT_EQ(test, commands, 8UL);
	KUNIT_EXPECT_LE(test, most, commands);
}

/* ULONG_MAX bytes, for which 6.1 loops for ever. */
static void the_largest_number_ends(struct kunit *test)
{
	struct stream stream;

	stream = stream_of(arm_smmu_tlbi_granules(ULONG_MAX, 12, false), false);
	KUNIT_EXPECT_FALSE(test, stream.illegal);
	KUNIT_EXPECT_EQ(test, stream.covered, 1UL << 52);
	KUNIT_EXPECT_EQ(test, stream.commands, 1UL << 16);
}

static void tg_is_the_granule(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_tg(12), 1);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_tg(14), 2);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_tg(16), 3);
}

static void ttl_is_the_level_of_the_leaf(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_ttl(12, SZ_4K), 3);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_ttl(12, SZ_2M), 2);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_ttl(12, SZ_1G), 1);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_ttl(12, 512UL * SZ_1G), 0);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_ttl(14, SZ_16K), 3);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_ttl(14, SZ_32M), 2);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_ttl(16, SZ_64K), 3);
	KUNIT_EXPECT_EQ(test, arm_smmu_tlbi_ttl(16, SZ_512M), 2);
}

/* A range of an mm becomes one command by ASID, or a bounded number by address. */
static void ranges_of_an_mm_are_bounded(struct kunit *test)
{
	unsigned int s, n;
	struct range_edge edge;

	for (s = 0; s < ARRAY_SIZE(shifts); s++)
		for (n = 0; range_edge(n, shifts[s], &edge); n++) {
			size_t size = edge.end - edge.start;

			if (!arm_smmu_sva_by_asid(edge.start, edge.end, shifts[s], false))
				KUNIT_EXPECT_LT_MSG(test, size >> shifts[s],
						    1UL << (shifts[s] - 3), "%s", edge.name);
			if (!arm_smmu_sva_by_asid(edge.start, edge.end, shifts[s], true)) {
				struct stream stream;

				stream = stream_of(arm_smmu_tlbi_granules(size, shifts[s], false),
						   false);
				KUNIT_EXPECT_FALSE_MSG(test, stream.illegal, "%s", edge.name);
				KUNIT_EXPECT_LE_MSG(test, stream.commands, 8UL, "%s", edge.name);
				KUNIT_EXPECT_GE_MSG(test, stream.covered, size >> shifts[s],
						    "%s", edge.name);
				KUNIT_EXPECT_LE_MSG(test, stream.covered,
						    (size >> shifts[s]) + 1, "%s", edge.name);
			}
		}
}

static void the_whole_mm_is_by_asid(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++) {
		KUNIT_EXPECT_TRUE(test, arm_smmu_sva_by_asid(0, ULONG_MAX, shifts[s], false));
		KUNIT_EXPECT_TRUE(test, arm_smmu_sva_by_asid(0, ULONG_MAX, shifts[s], true));
	}
}

/* Only a range above the bound goes by ASID. */
static void no_smaller_range_is_by_asid(struct kunit *test)
{
	const unsigned long start = 1UL << 40;
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++) {
		unsigned long many = 1UL << (2 * shifts[s] - 3);
		unsigned long page = 1UL << shifts[s];

		KUNIT_EXPECT_FALSE(test, arm_smmu_sva_by_asid(start, start + page, shifts[s],
							      false));
		KUNIT_EXPECT_FALSE(test, arm_smmu_sva_by_asid(start, start + many - page,
							      shifts[s], false));
		KUNIT_EXPECT_TRUE(test, arm_smmu_sva_by_asid(start, start + many, shifts[s],
							     false));
		KUNIT_EXPECT_FALSE(test, arm_smmu_sva_by_asid(start, start + many, shifts[s],
							      true));
		KUNIT_EXPECT_FALSE(test, arm_smmu_sva_by_asid(0, page << 36, shifts[s], true));
		KUNIT_EXPECT_TRUE(test, arm_smmu_sva_by_asid(0, (page << 36) + page, shifts[s],
							     true));
	}
}

static bool span_is_smallest(unsigned long iova, size_t size)
{
	unsigned int order = range_model_order(iova >> 12, (iova + size - 1) >> 12);
	u64 address, want = order == 52 ? 0 : iova >> 12 >> order << order << 12;

	return arm_smmu_atc_span(iova, size, &address) == order && address == want;
}

static const char *fault_of_span(unsigned long start, unsigned long end, unsigned int shift)
{
	return span_is_smallest(start, end - start) ? NULL : "not the smallest span";
}

static void atc_span_is_the_smallest(struct kunit *test)
{
	range_expect_small(test, 12, fault_of_span);
}

static void atc_spans_the_edges(struct kunit *test)
{
	struct range_edge edge;
	unsigned int n;
	u64 address;

	for (n = 0; range_edge(n, 12, &edge); n++)
		KUNIT_EXPECT_TRUE_MSG(test, span_is_smallest(edge.start, edge.end - edge.start),
				      "%s", edge.name);

	/* The last byte of the address space, and all of it. */
	KUNIT_EXPECT_TRUE(test, span_is_smallest(-SZ_4K, SZ_4K));
	KUNIT_EXPECT_EQ(test, arm_smmu_atc_span(0, ULONG_MAX, &address), 52);
	KUNIT_EXPECT_EQ(test, address, 0ULL);
}

static struct kunit_case arm_smmu_range_cases[] = {
	KUNIT_CASE(small_ranges_are_covered),
	KUNIT_CASE(part_of_a_granule_is_a_granule),
	KUNIT_CASE(no_legal_command_without_level_is_one_granule),
	KUNIT_CASE(one_page_is_one_command),
	KUNIT_CASE(only_one_modulo_32_takes_one_more),
	KUNIT_CASE(dma_commands_are_as_ever),
	KUNIT_CASE(scale_never_leaves_its_field),
	KUNIT_CASE(an_address_space_takes_at_most_8_commands),
	KUNIT_CASE(the_largest_number_ends),
	KUNIT_CASE(tg_is_the_granule),
	KUNIT_CASE(ttl_is_the_level_of_the_leaf),
	KUNIT_CASE(ranges_of_an_mm_are_bounded),
	KUNIT_CASE(the_whole_mm_is_by_asid),
	KUNIT_CASE(no_smaller_range_is_by_asid),
	KUNIT_CASE(atc_span_is_the_smallest),
	KUNIT_CASE(atc_spans_the_edges),
	{}
};

static struct kunit_suite arm_smmu_range_suite = {
	.name = "arm_smmu_range",
	.test_cases = arm_smmu_range_cases,
};

kunit_test_suite(arm_smmu_range_suite);
