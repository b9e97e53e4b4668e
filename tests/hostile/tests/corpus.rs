//! Every input that the fuzzer kept, and every one that ever broke a check, holds.

use std::path::Path;
use std::{fs, panic};

use sancho_hostile::CHECKS;

/// Files and bytes of the whole corpus: it is read in each run of the tests, and by whoever clones the repository.
const FILES_MAX: usize = 300;
const BYTES_MAX: usize = 1024 * 1024;

#[test]
fn every_input_of_the_corpus_holds() {
    let (mut files, mut bytes, mut broken) = (0, 0, Vec::new());
    for check in CHECKS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(check.name);
        let mut count = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry of the corpus").path();
            let input = fs::read(&path).expect("a file of the corpus");
            count += 1;
            bytes += input.len();
            if panic::catch_unwind(|| (check.run)(&input)).is_err() {
                broken.push(path);
            }
        }
        assert!(count >= 10, "{} has a corpus: {count} files", check.name);
        files += count;
    }
    assert!(broken.is_empty(), "these inputs broke their check: {broken:#?}");
    assert!(files < FILES_MAX && bytes < BYTES_MAX, "the corpus stays small: {files} files, {bytes} bytes");
    println!("hostile: {} checks hold for a corpus of {files} files", CHECKS.len());
}
