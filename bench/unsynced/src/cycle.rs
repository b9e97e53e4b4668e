//! The cycle that this process hangs on: the page that all of its processes share, and the lock in it.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

use power::control;

/// Descriptors of the shim stand above those that programs count.
const DESCRIPTOR_MIN: c_int = 500;

/// The cycle of this process; null when it hangs on none.
static CYCLE: AtomicPtr<Cycle> = AtomicPtr::new(ptr::null_mut());

/// Runs when the library is loaded, before the program.
#[used]
#[unsafe(link_section = ".init_array")]
static ATTACH: extern "C" fn() = attach;

/// What a process knows of its cycle.
pub(crate) struct Cycle {
    page: *mut u8,
    pub(crate) journal: c_int,
    /// The watched directory, without a slash at its end.
    pub(crate) watched: Vec<u8>,
}

/// The cycle of this process, if it hangs on one.
pub(crate) fn current() -> Option<&'static Cycle> {
    // SAFETY: the pointer is null or comes from `attach`, which leaks what it points to.
    unsafe { CYCLE.load(Ordering::Acquire).as_ref() }
}

/// Ends the process with a line on standard error.
pub(crate) fn die(why: &str) -> ! {
    let error = std::io::Error::last_os_error();
    let line = format!("unsynced: {why} ({error})\n");
    // SAFETY: the bytes are the line's own; the call goes past our own `write`.
    unsafe {
        libc::syscall(libc::SYS_write, 2, line.as_ptr(), line.len());
        libc::abort()
    }
}

extern "C" fn attach() {
    let (Some(watched), Some(directory)) = (variable(control::WATCHED_VARIABLE), variable(control::CYCLE_VARIABLE))
    else {
        return;
    };
    let page = map(&[&directory[..], b"/", control::FILE.as_bytes()].concat());
    let journal = open(&[&directory[..], b"/", control::JOURNAL_FILE.as_bytes()].concat());
    CYCLE.store(Box::into_raw(Box::new(Cycle { page, journal, watched })), Ordering::Release);
}

/// A copy of a variable: programs that change their title write over the environment that they began with.
fn variable(name: &str) -> Option<Vec<u8>> {
    let name = [name.as_bytes(), b"\0"].concat();
    // SAFETY: the name ends with a zero; what is answered is null or a text that ends with one.
    unsafe {
        let value = libc::getenv(name.as_ptr().cast());
        if value.is_null() { None } else { Some(CStr::from_ptr(value).to_bytes().to_vec()) }
    }
}

fn open(path: &[u8]) -> c_int {
    let path = [path, b"\0"].concat();
    // SAFETY: the path ends with a zero, and the descriptors are our own.
    unsafe {
        let low = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        let high = libc::fcntl(low as c_int, libc::F_DUPFD_CLOEXEC, DESCRIPTOR_MIN);
        if high < 0 {
            die("the cycle's files cannot be opened: is the cycle over, or the limit of open files below 512?");
        }
        libc::close(low as c_int);
        high
    }
}

/// Maps the control file, and makes its lock if nobody has.
fn map(path: &[u8]) -> *mut u8 {
    let file = open(path);
    let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    // SAFETY: the file has as many bytes, and the page is never unmapped; the lock is made by one process while the
    // others wait for the file's.
    unsafe {
        let page = libc::syscall(libc::SYS_mmap, ptr::null::<c_void>(), control::BYTES, access, flags, file, 0_i64);
        if page == -1 || libc::flock(file, libc::LOCK_EX) != 0 {
            die("the cycle's control file cannot be shared");
        }
        let page = page as *mut u8;
        let made = AtomicU32::from_ptr(page.add(control::LOCK_MADE).cast());
        if made.load(Ordering::Acquire) == 0 {
            make_lock(page.add(control::LOCK).cast());
            made.store(1, Ordering::Release);
        }
        // The mapping keeps the file open, and its lock with it, unless that is given back.
        libc::flock(file, libc::LOCK_UN);
        libc::close(file);
        page
    }
}

/// A lock of processes, which is not lost with one that is killed while it has it.
///
/// # Safety
/// The place is the page's own, and nobody uses it yet.
unsafe fn make_lock(lock: *mut libc::pthread_mutex_t) {
    const { assert!(control::LOCK + size_of::<libc::pthread_mutex_t>() <= control::UNSEEN) };
    let mut kind = std::mem::MaybeUninit::uninit();
    // SAFETY: the caller's promise for the lock; the kind is made before it is used.
    let failed = unsafe {
        libc::pthread_mutexattr_init(kind.as_mut_ptr())
            | libc::pthread_mutexattr_setpshared(kind.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED)
            | libc::pthread_mutexattr_setrobust(kind.as_mut_ptr(), libc::PTHREAD_MUTEX_ROBUST)
            | libc::pthread_mutexattr_settype(kind.as_mut_ptr(), libc::PTHREAD_MUTEX_ERRORCHECK)
            | libc::pthread_mutex_init(lock, kind.as_ptr())
    };
    if failed != 0 {
        die("the cycle's lock cannot be made");
    }
}

impl Cycle {
    fn word(&self, at: usize) -> &AtomicU64 {
        // SAFETY: every place of the page that is asked for is aligned and within it.
        unsafe { AtomicU64::from_ptr(self.page.add(at).cast()) }
    }

    fn off(&self) -> &AtomicU32 {
        // SAFETY: as in `word`.
        unsafe { AtomicU32::from_ptr(self.page.add(control::OFF).cast()) }
    }

    /// Waits for the turn of this thread, or for its end when the power is off.
    pub(crate) fn lock(&self) -> Turn<'_> {
        // SAFETY: the lock was made before the page was handed out.
        unsafe {
            let lock = self.page.add(control::LOCK).cast();
            match libc::pthread_mutex_lock(lock) {
                0 => {}
                // Whoever had it was killed; the journal counts only what was whole.
                libc::EOWNERDEAD => _ = libc::pthread_mutex_consistent(lock),
                _ => die("the cycle's lock cannot be taken; a signal handler that writes files cannot be watched"),
            }
        }
        let turn = Turn(self);
        if self.off().load(Ordering::Acquire) != 0 {
            turn.wait_for_the_end();
        }
        turn
    }
}

/// The turn of one thread: nobody else changes anything while it has it.
pub(crate) struct Turn<'c>(pub(crate) &'c Cycle);

impl Turn<'_> {
    /// Bytes of the journal that count.
    pub(crate) fn journal_bytes(&self) -> u64 {
        self.0.word(control::JOURNAL).load(Ordering::Relaxed)
    }

    pub(crate) fn set_journal_bytes(&self, bytes: u64) {
        self.0.word(control::JOURNAL).store(bytes, Ordering::Release);
        if bytes > control::JOURNAL_MAX {
            self.0.off().store(1, Ordering::Release);
        }
    }

    /// Counts a change that was made, or a sync that is to be made. When that burns the fuse down, the power goes off.
    pub(crate) fn count(&self) {
        self.0.word(control::CHANGES).fetch_add(1, Ordering::Relaxed);
        let fuse = self.0.word(control::FUSE);
        if fuse.load(Ordering::Relaxed) > 0 && fuse.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.off().store(1, Ordering::Release);
        }
        if self.0.off().load(Ordering::Acquire) != 0 {
            self.wait_for_the_end();
        }
    }

    fn wait_for_the_end(&self) -> ! {
        self.unlock();
        loop {
            // SAFETY: it takes no pointers. A signal that is handled ends one round.
            unsafe { libc::pause() };
        }
    }

    fn unlock(&self) {
        // SAFETY: this thread has the lock.
        unsafe { libc::pthread_mutex_unlock(self.0.page.add(control::LOCK).cast()) };
    }

    /// Whether a file changes unseen.
    pub(crate) fn is_unseen(&self, inode: u64) -> bool {
        self.unseen(inode).is_some()
    }

    /// Notes that a file changes unseen. Answers whether that is news.
    pub(crate) fn note_unseen(&self, inode: u64) -> bool {
        if self.is_unseen(inode) {
            return false;
        }
        match self.unseen(0) {
            Some(free) => free.store(inode, Ordering::Relaxed),
            None => die("too many files change unseen in one cycle"),
        }
        true
    }

    /// Forgets a file whose inode another has now.
    pub(crate) fn forget_unseen(&self, inode: u64) {
        if let Some(place) = self.unseen(inode) {
            // Later places stay: a search goes over all of them that were ever used.
            place.store(u64::MAX, Ordering::Relaxed);
        }
    }

    /// The place of an inode, or with zero the first that nobody has had.
    fn unseen(&self, inode: u64) -> Option<&AtomicU64> {
        for index in 0..control::UNSEEN_MAX {
            let place = self.0.word(control::UNSEEN + 8 * index);
            match place.load(Ordering::Relaxed) {
                found if found == inode => return Some(place),
                0 => return None,
                _ => {}
            }
        }
        None
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.unlock();
    }
}
