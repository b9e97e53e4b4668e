//! What a cut leaves of plain files: the disk that all other runs rely on.

use std::io::Write;

use power::{Fuse, Survival};

use crate::harness::{Disk, wait_until};

#[test]
fn what_is_not_synced_is_lost_on_the_strictest_disk() {
    let disk = Disk::new();
    std::fs::write(disk.file("a"), "old").expect("a file");
    let restored = disk.steps(&["write:a:0:n:3"], 1, Survival::Nothing);
    assert_eq!(disk.bytes("a"), Some(b"old".to_vec()));
    assert_eq!((restored.unsynced_files, restored.strays), (1, vec![]));
}

#[test]
fn what_is_synced_is_kept_and_later_writes_are_not() {
    let disk = Disk::new();
    std::fs::write(disk.file("a"), "old").expect("a file");
    disk.steps(&["write:a:0:n:3", "sync:a", "write:a:1:x:9", "resize:a:1"], 1, Survival::Nothing);
    assert_eq!(disk.bytes("a"), Some(b"nnn".to_vec()));
}

#[test]
fn a_new_file_is_there_when_its_directory_is_synced() {
    for (last, kept) in [("sync:a", None), ("sync:.", Some(b"nnn".to_vec()))] {
        let disk = Disk::new();
        disk.steps(&["write:a:0:n:3", "sync:a", last], 1, Survival::Nothing);
        assert_eq!(disk.bytes("a"), kept, "{last}");
    }
}

#[test]
fn a_renaming_is_undone_when_its_directory_is_not_synced() {
    for (last, old_is_there) in [("sync:b", true), ("sync:.", false)] {
        let disk = Disk::new();
        std::fs::write(disk.file("a"), "old").expect("a file");
        disk.steps(&["rename:a:b", last], 1, Survival::Nothing);
        assert_eq!((disk.file("a").exists(), disk.file("b").exists()), (old_is_there, !old_is_there), "{last}");
    }
}

#[test]
fn a_file_that_moves_to_another_directory_is_there_when_that_one_is_synced() {
    for (last, kept) in [("sync:.", None), ("sync:in", Some(b"nnn".to_vec()))] {
        let disk = Disk::new();
        std::fs::create_dir(disk.file("in")).expect("a directory");
        disk.steps(&["write:a:0:n:3", "sync:a", "rename:a:in/a", last], 1, Survival::Nothing);
        assert_eq!((disk.bytes("in/a"), disk.bytes("a")), (kept, None), "{last}");
    }
}

#[test]
fn a_removed_file_comes_back_when_its_directory_is_not_synced() {
    for (steps, is_there) in [(&["remove:a"][..], true), (&["remove:a", "sync:."], false)] {
        let disk = Disk::new();
        std::fs::write(disk.file("a"), "old").expect("a file");
        disk.steps(steps, 1, Survival::Nothing);
        assert_eq!(disk.file("a").exists(), is_there, "{steps:?}");
    }
}

#[test]
fn a_sync_by_one_process_keeps_what_another_wrote() {
    let disk = Disk::new();
    std::fs::write(disk.file("a"), "old").expect("a file");
    let supply = disk.power_on();
    let mut writer = disk.program(Some(&supply), &["steps", "write:a:0:n:3"]);
    writer.wait_for("1");
    disk.program(Some(&supply), &["steps", "sync:a"]).wait_for("1");
    supply.cut().expect("the power is cut");
    writer.kill();
    supply.restore(1, Survival::Nothing).expect("the disk is restored");
    assert_eq!(disk.bytes("a"), Some(b"nnn".to_vec()));
}

#[test]
fn a_write_of_many_sectors_is_torn_by_some_seeds_and_each_seed_repeats_itself() {
    let pages = 16_384;
    let after = |seed| {
        let disk = Disk::new();
        std::fs::write(disk.file("a"), vec![b'o'; pages]).expect("a file");
        disk.steps(&[&format!("write:a:0:n:{pages}")], seed, Survival::Any);
        disk.bytes("a").expect("the file is there")
    };
    let left: Vec<_> = (0..24).map(after).collect();
    let torn = left.iter().filter(|bytes| bytes.contains(&b'o') && bytes.contains(&b'n')).count();
    assert!(torn > 3, "only {torn} of {} were torn", left.len());
    let holes = left.iter().filter(|bytes| bytes[0] == b'o' && bytes.contains(&b'n')).count();
    assert!(holes > 1, "only {holes} of {} were written out of order", left.len());
    assert_eq!(left[..3], (0..3).map(after).collect::<Vec<_>>());
}

#[test]
fn a_fuse_stops_everybody_after_so_many_changes() {
    let disk = Disk::new();
    let supply = disk.power_on();
    supply.set_fuse(Fuse::After(4)).expect("a fuse");
    // Making the file counts, and so does each write: the third write is made, and nothing comes back from it.
    let steps = ["steps", "write:a:0:n:1", "write:a:1:n:1", "write:a:2:n:1", "write:a:3:n:1"];
    let mut program = disk.program(Some(&supply), &steps);
    program.wait_for("2");
    wait_until("the fuse has burned down", || supply.is_off().expect("the cycle is there").then_some(()));
    let said = program.kill();
    let restored = supply.restore(1, Survival::Nothing).expect("the disk is restored");
    assert_eq!((said, restored.changes, restored.strays), (Vec::<String>::new(), 4, vec![]));
}

#[test]
fn a_fuse_that_ends_at_a_sync_ends_before_it() {
    let disk = Disk::new();
    std::fs::write(disk.file("a"), "old").expect("a file");
    let supply = disk.power_on();
    supply.set_fuse(Fuse::After(2)).expect("a fuse");
    let mut program = disk.program(Some(&supply), &["steps", "write:a:0:n:3", "sync:a"]);
    program.wait_for("1");
    wait_until("the fuse has burned down", || supply.is_off().expect("the cycle is there").then_some(()));
    assert_eq!(program.kill(), Vec::<String>::new());
    supply.restore(1, Survival::Nothing).expect("the disk is restored");
    assert_eq!(disk.bytes("a"), Some(b"old".to_vec()));
}

#[test]
fn whoever_writes_past_the_supply_is_found_out() {
    let disk = Disk::new();
    std::fs::write(disk.file("a"), "old").expect("a file");
    let supply = disk.power_on();
    let mut file = std::fs::File::options().append(true).open(disk.file("a")).expect("a file");
    file.write_all(b"more").expect("bytes are written");
    std::fs::write(disk.file("b"), "new").expect("a file");
    supply.cut().expect("the power is cut");
    let restored = supply.restore(1, Survival::Nothing).expect("the disk is restored");
    let watched = disk.watched().canonicalize().expect("it is there");
    assert_eq!(restored.strays, [watched.join("a"), watched.join("b")]);
    assert_eq!((disk.bytes("a"), disk.bytes("b")), (Some(b"old".to_vec()), None));
}

#[test]
fn a_process_that_is_killed_at_any_moment_holds_up_nobody() {
    let disk = Disk::new();
    let supply = disk.power_on();
    let many: Vec<String> = (0..2_000).map(|number| format!("write:a:{number}:n:1")).collect();
    let many: Vec<&str> = std::iter::once("steps").chain(many.iter().map(String::as_str)).collect();
    for said in ["1", "70", "300"] {
        let mut victim = disk.program(Some(&supply), &many);
        victim.wait_for(said);
        victim.kill();
    }
    disk.program(Some(&supply), &["steps", "write:b:0:n:3", "sync:b", "sync:."]).wait_for("3");
    supply.cut().expect("the power is cut");
    supply.restore(1, Survival::Nothing).expect("the disk is restored");
    assert_eq!(disk.bytes("b"), Some(b"nnn".to_vec()));
}

#[test]
fn a_power_that_is_on_is_not_restored() {
    let disk = Disk::new();
    let refused = disk.power_on().restore(1, Survival::Nothing).expect_err("nobody has cut it");
    assert!(refused.to_string().contains("cut it first"), "{refused}");
}
