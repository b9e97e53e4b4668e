//! The client on the embedded store.
#![cfg(feature = "sqlite")]

use sancho::sqlite::{push_in, rusqlite};
use sancho::testing::waiting;
use sancho::{Client, ConnectError, Job, connect};

#[derive(Job)]
struct WelcomeEmail {
    user_id: u64,
}

async fn open(directory: &tempfile::TempDir) -> Client {
    let path = directory.path().join("jobs.db");
    connect(&format!("sqlite://{}", path.display())).await.expect("a new file opens")
}

#[tokio::test]
async fn a_job_pushed_by_one_client_is_seen_by_another_of_the_same_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let (one, two) = (open(&directory).await, open(&directory).await);
    let jid = one.push(WelcomeEmail { user_id: 7 }).key("welcome:7").await.expect("pushed").jid;
    assert_eq!(two.find_key("welcome:7").await.expect("answered").expect("there").jid, jid);
    two.cancel(&jid).await.expect("cancelled");
    assert!(one.find(&jid).await.expect("answered").is_none());
}

#[tokio::test]
async fn a_job_pushed_in_a_transaction_is_there_exactly_if_it_commits() {
    let directory = tempfile::tempdir().expect("a directory");
    let client = open(&directory).await;
    let mut connection = rusqlite::Connection::open(directory.path().join("jobs.db")).expect("the file opens");
    connection.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY)").expect("created");
    for (user_id, commits) in [(7_u64, false), (8, true)] {
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).expect("begun");
        transaction.execute("INSERT INTO users VALUES (?1)", [user_id as i64]).expect("inserted");
        push_in(&client, &transaction, WelcomeEmail { user_id }).expect("pushed");
        if commits {
            transaction.commit().expect("committed");
        } else {
            transaction.rollback().expect("rolled back");
        }
    }
    let rows = waiting(&client).await.expect("answered");
    let args: Vec<_> = rows.iter().map(|row| row.payload.envelope().expect("readable").args().to_owned()).collect();
    assert_eq!(args, ["[8]"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named_with_the_reason() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("missing").join("jobs.db");
    let error = connect(&format!("sqlite://{}", path.display())).await.expect_err("no directory");
    assert!(matches!(error, ConnectError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("missing does not exist: create it first"), "{error}");
}
