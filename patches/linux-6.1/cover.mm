mm: Invalidate secondary TLBs where the CPU's TLB is flushed

IOMMUs, and devices behind them, walk the CPU's page tables in hardware.
Their TLBs can be refilled at any moment. So there is only one right time
to invalidate them: beside the invalidation of the CPU's TLB.

Linux 6.1 calls invalidate_range() too often: an munmap() calls it from
invalidate_range_end() and again from mmu_gather. It calls it too rarely:
on arm64, a write fault that makes a page writable flushes the CPU's TLB
and does not call it.

These patches rename the operation to invalidate_secondary_tlbs(), move its
dispatch to a file of its own with a fast path, and call it from the
functions of arm64, x86 and powerpc (radix) that flush the CPU's TLB. Then
mmu_notifier_invalidate_range_end() no longer calls it. Linux 6.6 did the
same. The range is what changed also where 6.6 passes the whole mm or does
not call: above the ceilings of x86 and arm64, for pages that x86 unmaps in
batches, and for powerpc's single pages and collapsed PMDs.

The drivers must take any range first (parts "fixes" and "iommu"), and KVM
must no longer use the callback (part "kvm").
