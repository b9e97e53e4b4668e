//! Every code that the command and the library print, and what it means.

use sancho_web::Code;
use serde::Serialize;

/// One code.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    /// As it is printed.
    pub(super) code: &'static str,
    /// In a few words.
    pub(super) title: &'static str,
    /// What happened, and what did not.
    pub(super) meaning: &'static str,
    /// What to do.
    pub(super) remedy: &'static str,
}

/// All of them: first what stores say, then what the command and the pages say, then the classes of errors that servers write into
/// jobs.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: Code::Unavailable.name(),
        title: Code::Unavailable.title(),
        meaning: "The store could not be reached, or was locked for too long. The call did nothing, and the same call \
                  may succeed later. Servers try again by themselves, and keep the jobs in their hands meanwhile.",
        remedy: "see that the store runs and that its disk works (sancho doctor), then repeat the command.",
    },
    Entry {
        code: Code::OutcomeUnknown.name(),
        title: Code::OutcomeUnknown.title(),
        meaning: "The connection broke, or the disk failed, after the call was sent. The store may have done it. A \
                  client repeats a push under the same ids, so that nothing is added twice; the command's own push \
                  gets new ids each time it is started.",
        remedy: "look before you repeat, with sancho show or sancho ls, and push it again only if \
                 it is not there. Give a key to pushes that must not be doubled.",
    },
    Entry {
        code: Code::Full.name(),
        title: Code::Full.title(),
        meaning: "The disk is full, or Redis has reached its maxmemory. No job is lost. What servers have finished may \
                  still be settled, which makes room.",
        remedy: "free space, or raise the limit. Old dead jobs take room too: sancho delete dead 'age>30d'.",
    },
    Entry {
        code: Code::Invalid.name(),
        title: Code::Invalid.title(),
        meaning: "A value breaks a rule, such as a cursor that this store did not give or a payload that is too large. \
                  Nothing happened.",
        remedy: "the message says which rule and what would be right.",
    },
    Entry {
        code: Code::NotFound.name(),
        title: Code::NotFound.title(),
        meaning: "No job has this id or holds this key, no live process has this identity, or no queue has this name. \
                  A job that is done is gone, and so is its id; a dead job holds no key.",
        remedy: "see what there is: sancho ls, sancho processes, sancho queues.",
    },
    Entry {
        code: Code::Corrupt.name(),
        title: Code::Corrupt.title(),
        meaning: "The file is damaged, or another program wrote into it or into Sancho's keys. Payloads that cannot be \
                  read are no corruption: they go to the dead set as they are.",
        remedy: "stop all servers, keep a copy of what is there, and run sancho doctor. On SQLite, restore a copy that \
                 sancho backup made; on Redis, remove the key that the message names.",
    },
    Entry {
        code: Code::Unsupported.name(),
        title: Code::Unsupported.title(),
        meaning: "Some things exist on one kind of store alone: sancho backup on SQLite, sancho redis purge on Redis. \
                  Processes of other programs obey only the orders that they know.",
        remedy: "the message says what to use instead.",
    },
    Entry {
        code: Code::Internal.name(),
        title: Code::Internal.title(),
        meaning: "Something happened that the code says cannot happen. The call did nothing, or its outcome is not \
                  known.",
        remedy: "report it, with the whole message and the version (sancho --version).",
    },
    Entry {
        code: "address",
        title: "the store's address is not understood",
        meaning: "What --store or SANCHO_URL holds is no address of a store. What stands behind the scheme is not \
                  repeated, as it may be a password.",
        remedy: "write sqlite://sancho.db, sqlite:///var/lib/app/sancho.db or redis://HOST:PORT/DATABASE.",
    },
    Entry {
        code: "open",
        title: "the store cannot be opened",
        meaning: "There is no file or no server at the address, or it refused: a password, a version, a permission. \
                  Commands that only look never make a file.",
        remedy: "the message names the cause and the fix. To make a store, push a job.",
    },
    Entry {
        code: Code::Started.name(),
        title: Code::Started.title(),
        meaning: "A process has the job in its hands. It can no longer be moved or deleted from outside: only its \
                  process can end it.",
        remedy: "sancho cancel JID --running asks its process to cancel it where it waits next.",
    },
    Entry {
        code: Code::Senseless.name(),
        title: Code::Senseless.title(),
        meaning: "A job in a queue cannot be retried, since it is about to run; a dead one cannot be cancelled, killed \
                  or rescheduled. Nothing was changed.",
        remedy: "delete a dead job, or retry it and reschedule it then.",
    },
    Entry {
        code: Code::KeyTaken.name(),
        title: Code::KeyTaken.title(),
        meaning: "The dead job had a key, and a job with the same key was pushed since. Running both would break the \
                  promise of the key.",
        remedy: "cancel or wait for the job that the message names, or delete the dead one.",
    },
    Entry {
        code: Code::KeyReused.name(),
        title: Code::KeyReused.title(),
        meaning: "A push over HTTP had the Idempotency-Key of a push with another body, whose job still lives. Nothing \
                  was pushed.",
        remedy: "give each request a key of its own, such as a UUID; repeat one under its key only as it was.",
    },
    Entry {
        code: Code::Method.name(),
        title: Code::Method.title(),
        meaning: "There is something at the address, but it is looked at (GET) and not acted on (POST), or the other \
                  way round. Nothing happened.",
        remedy: "/api/v1/openapi.json lists every address with its methods.",
    },
    Entry {
        code: Code::Unauthorized.name(),
        title: Code::Unauthorized.title(),
        meaning: "The pages, or their JSON API, were asked without credentials, or with some that are not known.",
        remedy: "sign in, or send a bearer token. Who may come in stands in the file of sancho web --auth-file, in \
                 SANCHO_WEB_AUTH, or with the application that has the pages.",
    },
    Entry {
        code: Code::Forbidden.name(),
        title: Code::Forbidden.title(),
        meaning: "The application that has the pages knows who asks, and does not let them in.",
        remedy: "ask those who run the application.",
    },
    Entry {
        code: Code::Viewer.name(),
        title: Code::Viewer.title(),
        meaning: "The credentials are a viewer's, and the request would have changed something. Nothing happened.",
        remedy: "have an operator do it, or be made one where the credentials stand.",
    },
    Entry {
        code: Code::NotThisMachine.name(),
        title: Code::NotThisMachine.title(),
        meaning: "Nobody said who may come in, so the pages answer to their own machine alone, and this request came \
                  through a proxy or by another name.",
        remedy: "give credentials (sancho web --auth-file), or ask by localhost or 127.0.0.1.",
    },
    Entry {
        code: Code::CrossSite.name(),
        title: Code::CrossSite.title(),
        meaning: "The browser says that another site's page made the request. It was refused before anything was \
                  looked at.",
        remedy: "act from the pages themselves. Where a proxy changes their name, have that name trusted: sancho web \
                 --trust-origin.",
    },
    Entry {
        code: Code::TooManyTries.name(),
        title: Code::TooManyTries.title(),
        meaning: "The pages were asked with credentials that are not known, again and again from one address. It is not \
                  answered for a while, whatever it presents.",
        remedy: "wait as long as the answer's Retry-After says. Behind a proxy all share its address, unless it is \
                 named: sancho web --trust-proxy.",
    },
    Entry {
        code: "Timeout",
        title: "a job ran longer than its timeout",
        meaning: "The job was ended where it waited last, and counts as failed: it is retried as after any error. What \
                  it had done before stays done.",
        remedy: "raise the timeout of its class, or split the job; see that it waits on nothing without a limit.",
    },
    Entry {
        code: "Sancho::Panic",
        title: "a job panicked",
        meaning: "The code of the job panicked. The server caught it, and goes on; the job counts as failed and is \
                  retried. The message has what was said, and where.",
        remedy: "mend the code at the place that the message names: sancho show JID.",
    },
    Entry {
        code: "Sancho::ArgsError",
        title: "a job's arguments do not fit its class",
        meaning: "The server's code for the class could not read the arguments: one is missing, or of another type. \
                  The job counts as failed and is retried, so a server with code that fits may still perform it.",
        remedy: "bring the pusher and the class to the same arguments; new ones come last, with a default.",
    },
    Entry {
        code: "Sancho::Killed",
        title: "a job gave itself up",
        meaning: "The job's code answered with JobError::kill: trying again is of no use. It went to the dead set at \
                  once, whatever tries were left.",
        remedy: "read its message (sancho show JID); once the cause is gone, sancho retry JID.",
    },
    Entry {
        code: "Sancho::Poison",
        title: "processes died with this job in their hands",
        meaning: "Three processes died within 72 hours while they had the job, the last time while it ran alone. It \
                  was buried so that it takes no other job along.",
        remedy: "see why the process died, such as memory, a signal or an abort; then sancho retry JID.",
    },
    Entry {
        code: "Sancho::AskedToBeRetried",
        title: "a job asked to be tried again at a time of its own",
        meaning: "The job's code answered with JobError::retry_at or retry_in, and with no error of its own. It counts \
                  as failed, and uses up a try.",
        remedy: "nothing, if that is meant; JobError::snooze puts a job off without a failure.",
    },
    Entry {
        code: "Sancho::SlotDied",
        title: "what runs a job's code died",
        meaning: "The task or the thread of the job ended outside of the job's own code. The slot was replaced, and the \
                  job counts as failed and is retried.",
        remedy: "this is a defect of Sancho: report it, with the lines of the log around it.",
    },
    Entry {
        code: "Exec::NotStarted",
        title: "the program of a job could not be started",
        meaning: "sancho work could not start the program: it is not there, may not be executed, or the system has no \
                  process to give. The job counts as failed and is retried.",
        remedy: "see that the program that the message names can be started where sancho work runs.",
    },
    Entry {
        code: "Exec::Exit127",
        title: "the shell did not find the program of a job",
        meaning: "The line of sancho work --exec names a program that sh does not find. The job counts as failed and is \
                  retried. Any other Exec::Exit and its number is what the program itself ended with.",
        remedy: "see the message (sancho show JID), and give the program's whole path.",
    },
    Entry {
        code: "Exec::SIGKILL",
        title: "the program of a job was killed",
        meaning: "Somebody killed the program with SIGKILL: as a rule the system, which had no memory left. The job \
                  counts as failed and is retried. Other signals have their names in the same place.",
        remedy: "see the system's log; give the program less to do at a time, or sancho work fewer slots.",
    },
    Entry {
        code: "Exec::Lost",
        title: "the process that keeps a job's program was killed",
        meaning: "Between sancho work and each program stands a process that is named exec-shim. Somebody killed it, \
                  so nobody knows how the program would have ended. The program was killed too, and the job counts as \
                  failed and is retried.",
        remedy: "see the system's log: it may have had no memory left.",
    },
];
