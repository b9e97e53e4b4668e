//! What the derive refuses, word for word, and what the compiler says when a state or a type does not fit.

#[test]
fn what_cannot_be_a_job_is_refused_with_what_to_do_instead() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
