//! The directory that a store's files are in: a small file system of its own where one can be had, which is filled to
//! the brim and freed again.

use std::ffi::CString;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// Bytes of the file system: several times what a run's store holds, and little enough memory to fill.
const BYTES: u64 = 1 << 30;

/// What is taken away at first, and at last.
const CHUNK_MAX: u64 = 64 << 20;
const CHUNK_MIN: u64 = 4 << 10;

/// Ways into a name space in which a plain user, and failing that root, may mount what nobody else sees.
const WAYS: [&[&str]; 2] = [&["--map-root-user", "--mount"], &["--mount"]];

/// Starts this program again in a name space of its own for mounts, with one more argument. Answers only when none can
/// be had, with the reason.
pub(super) fn start_again_with_mounts(argument: &str) -> String {
    let Ok(program) = std::env::current_exe() else { return "this program cannot be found".to_owned() };
    for way in WAYS {
        // A name space may be had in which nothing may be mounted: so something is.
        let trial = Command::new("unshare")
            .args(way)
            .args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"])
            .stderr(Stdio::null())
            .status();
        match trial {
            Ok(status) if status.success() => {
                let mut again = Command::new("unshare");
                again.args(way).arg(&program).args(std::env::args_os().skip(1)).arg(argument);
                return format!("unshare does not start: {}", again.exec());
            }
            Ok(_) => {}
            Err(error) => return format!("unshare does not start ({error}); on Debian it is in util-linux"),
        }
    }
    "neither root nor a name space of a user's own may mount a tmpfs here".to_owned()
}

/// A directory for a store's files.
#[derive(Debug)]
pub(super) struct Ground {
    directory: PathBuf,
    store: PathBuf,
    is_mounted: bool,
}

impl Ground {
    /// A plain directory.
    pub(super) fn plain(directory: PathBuf) -> Result<Self> {
        Ground { directory, store: PathBuf::new(), is_mounted: false }.make()?.with_store()
    }

    /// A file system of its own.
    pub(super) fn mounted(directory: PathBuf) -> Result<Self> {
        let mut ground = Ground { directory, store: PathBuf::new(), is_mounted: false }.make()?;
        let size = CString::new(format!("size={BYTES}"))?;
        mount("tmpfs", &ground.directory, "tmpfs", MountFlags::empty(), size.as_c_str())
            .context("failed to mount a tmpfs")?;
        ground.is_mounted = true;
        ground.with_store()
    }

    fn make(self) -> Result<Self> {
        std::fs::create_dir(&self.directory).with_context(|| format!("failed to make {}", self.directory.display()))?;
        Ok(self)
    }

    fn with_store(mut self) -> Result<Self> {
        self.store = self.directory.join("store");
        std::fs::create_dir(&self.store).with_context(|| format!("failed to make {}", self.store.display()))?;
        Ok(self)
    }

    /// Where the store's files are, and nothing else.
    pub(super) fn store(&self) -> &Path {
        &self.store
    }

    /// A directory beside the store's files, on the same file system.
    pub(super) fn aside(&self) -> &Path {
        &self.directory
    }

    /// Takes all room that there is, also what was freed since the last call.
    pub(super) fn fill(&self) -> Result<()> {
        if !self.is_mounted {
            bail!("only a file system of the run's own may be filled");
        }
        let ballast = File::options().create(true).append(true).open(self.ballast())?;
        let mut chunk = CHUNK_MAX;
        while chunk >= CHUNK_MIN {
            let length = ballast.metadata()?.len();
            match fallocate(&ballast, FallocateFlags::empty(), length, chunk) {
                Ok(()) => {}
                Err(Errno::NOSPC) => chunk /= 2,
                Err(error) => return Err(error).context("failed to fill the file system"),
            }
        }
        Ok(())
    }

    /// Gives the room back.
    pub(super) fn free(&self) -> Result<()> {
        std::fs::remove_file(self.ballast()).context("failed to free the file system")
    }

    fn ballast(&self) -> PathBuf {
        self.directory.join("ballast")
    }

    /// Moves the files to where they outlive a file system that goes with the run.
    pub(super) fn rescue(&self, to: &Path) -> Result<()> {
        if self.is_mounted {
            let copied = Command::new("cp").arg("--archive").args([&self.directory, to]).status();
            copied.context("failed to copy the store's files")?;
        }
        Ok(())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if self.is_mounted {
            // The name space goes with this program, and the file system with it.
            _ = unmount(&self.directory, UnmountFlags::DETACH);
        }
    }
}
