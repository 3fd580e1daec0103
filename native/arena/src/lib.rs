//! Memory for a program that lives for a millisecond: handed out from one block, given back by `execve`.
//! The C library's allocator spent more of a start than everything else the launcher computes.
#![allow(unsafe_code, reason = "each block says why it is sound")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Untouched pages of it cost nothing. What does not fit comes from the C library.
const CAPACITY: usize = 4 << 20;

const PAGE_BYTES: usize = 4 << 10;

/// A global allocator over one static block.
pub struct Arena {
    block: UnsafeCell<[u8; CAPACITY]>,
    /// Bytes handed out; what lies above is free.
    used: AtomicUsize,
}

// SAFETY: the block is only touched through the pointers handed out, and `used` is moved atomically, so no
// byte is handed out twice.
unsafe impl Sync for Arena {}

impl Arena {
    /// An unused arena.
    #[must_use]
    #[allow(clippy::new_without_default, clippy::large_stack_arrays, reason = "it only exists as a static")]
    pub const fn new() -> Self {
        Self { block: UnsafeCell::new([0; CAPACITY]), used: AtomicUsize::new(0) }
    }

    /// Takes the pages of the first `bytes` from the kernel in one call, for a program that will use them: a
    /// page fault for each costs three times as much. Before Linux 5.14, and where pages are larger, nothing happens.
    pub fn populate(&self, bytes: usize) {
        let skipped = self.start().addr().wrapping_neg() % PAGE_BYTES;
        let length = bytes.min(CAPACITY - skipped);
        // SAFETY: the range lies inside the block, and its content stays what it is.
        unsafe { libc::madvise(self.start().add(skipped).cast(), length, libc::MADV_POPULATE_WRITE) };
    }

    fn start(&self) -> *mut u8 {
        self.block.get().cast()
    }

    /// How far into the block `pointer` lies; `None` when the C library gave it.
    fn offset(&self, pointer: *mut u8) -> Option<usize> {
        let offset = pointer.addr().checked_sub(self.start().addr())?;
        (offset < CAPACITY).then_some(offset)
    }

    /// Moves the end of the newest piece, which lies at `offset`; false when it is not the newest.
    fn resize_newest(&self, offset: usize, old_size: usize, new_size: usize) -> bool {
        let (old_end, new_end) = (offset + old_size, offset.saturating_add(new_size));
        new_end <= CAPACITY
            && self.used.compare_exchange(old_end, new_end, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

// SAFETY: `alloc` hands out ranges of the block that do not overlap, are aligned and lie inside it, or what
// `System` hands out; each pointer goes back to where it came from.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.start().addr();
        let place = |used: usize| {
            let aligned = (base + used).checked_next_multiple_of(layout.align())? - base;
            let end = aligned.checked_add(layout.size())?;
            (end <= CAPACITY).then_some((aligned, end))
        };
        let taken = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| place(used).map(|(_, end)| end));
        match taken.ok().and_then(place) {
            // SAFETY: `place` checked that the range lies inside the block.
            Some((aligned, _)) => unsafe { self.start().add(aligned) },
            // SAFETY: the caller keeps `alloc`'s contract.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        match self.offset(pointer) {
            Some(offset) => {
                self.resize_newest(offset, layout.size(), 0);
            }
            // SAFETY: outside the block, so `System` gave it.
            None => unsafe { System.dealloc(pointer, layout) },
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        match self.offset(pointer) {
            Some(offset) if self.resize_newest(offset, layout.size(), new_size) => return pointer,
            Some(_) => {}
            // SAFETY: outside the block, so `System` gave it; the caller keeps `realloc`'s contract.
            None => return unsafe { System.realloc(pointer, layout, new_size) },
        }
        // SAFETY: the caller guarantees that `new_size` is a valid size for this alignment.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both are valid for the smaller size and distinct.
            unsafe { std::ptr::copy_nonoverlapping(pointer, new, layout.size().min(new_size)) };
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    #[test]
    fn pieces_are_aligned_and_do_not_overlap() {
        static ARENA: Arena = Arena::new();
        let arena = &ARENA;
        let mut last_end = 0;
        for (size, align) in [(1, 1), (3, 8), (16, 16), (5, 4096), (0, 1), (7, 2)] {
            // SAFETY: valid layouts.
            let at = unsafe { arena.alloc(layout(size, align)) }.addr();
            assert_eq!(at % align, 0);
            assert!(at >= last_end);
            last_end = at + size;
        }
    }

    #[test]
    fn the_newest_piece_grows_and_shrinks_in_place_and_is_given_back() {
        static ARENA: Arena = Arena::new();
        let arena = &ARENA;
        // SAFETY: valid layouts, and sizes as they were given.
        unsafe {
            let first = arena.alloc(layout(8, 8));
            assert_eq!(arena.realloc(first, layout(8, 8), 64), first);
            assert_eq!(arena.realloc(first, layout(64, 8), 8), first);
            let second = arena.alloc(layout(8, 8));
            first.write_bytes(7, 8);
            let moved = arena.realloc(first, layout(8, 8), 16);
            assert_ne!(moved, first);
            assert_eq!(moved.add(7).read(), 7);
            arena.dealloc(moved, layout(16, 8));
            arena.dealloc(second, layout(8, 8));
            assert_eq!(arena.alloc(layout(8, 8)), second);
        }
    }

    /// Needs Linux 5.14.
    #[test]
    fn populated_pages_are_there_and_still_handed_out() {
        static ARENA: Arena = Arena::new();
        let arena = &ARENA;
        let resident = || {
            let first = arena.start().addr().next_multiple_of(PAGE_BYTES);
            let mut pages = [0u8; 16];
            // SAFETY: the kernel writes one byte for each page of the range.
            let answer = unsafe {
                libc::mincore(arena.start().with_addr(first).cast(), 16 * PAGE_BYTES, pages.as_mut_ptr())
            };
            assert_eq!(answer, 0);
            pages.iter().filter(|page| **page & 1 == 1).count()
        };
        assert_eq!(resident(), 0);
        arena.populate(8 * PAGE_BYTES);
        assert_eq!(resident(), 8);
        arena.populate(usize::MAX);
        assert_eq!(resident(), 16);
        // SAFETY: a valid layout.
        unsafe { arena.alloc(layout(8, 8)).write_bytes(7, 8) };
    }

    #[test]
    fn what_does_not_fit_comes_from_elsewhere() {
        static ARENA: Arena = Arena::new();
        let arena = &ARENA;
        // SAFETY: valid layouts, and sizes as they were given.
        unsafe {
            let huge = arena.alloc(layout(CAPACITY + 1, 1));
            assert!(arena.offset(huge).is_none());
            huge.add(CAPACITY).write(1);
            let huge = arena.realloc(huge, layout(CAPACITY + 1, 1), CAPACITY + 2);
            assert_eq!(huge.add(CAPACITY).read(), 1);
            arena.dealloc(huge, layout(CAPACITY + 2, 1));

            let most = arena.alloc(layout(CAPACITY - 8, 1));
            assert!(arena.offset(most).is_some());
            let moved = arena.realloc(most, layout(CAPACITY - 8, 1), CAPACITY + 8);
            assert!(arena.offset(moved).is_none());
            arena.dealloc(moved, layout(CAPACITY + 8, 1));
        }
    }
}
