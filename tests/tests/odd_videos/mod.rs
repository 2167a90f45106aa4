//! Odd and bad videos, each with its outcome: real files made by ffmpeg, through one `videoflow up` and its real
//! functions, with the AWS SDK as the client. What is expected is data: [`videos`], [`keys`]; [`changed`] has the
//! objects that change while they are processed.

mod changed;
mod command_line;
mod expectation;
mod keys;
mod measure;
mod recipe;
mod settled;
mod videos;

use std::rc::Rc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::{LocalSet, spawn_local};

use crate::support::report;
use crate::support::up::Up;

use expectation::Case;
use settled::Settled;

/// Videos on their way at once: their functions and analyses overlap, the transcodes come one after the other.
const AT_ONCE: usize = 4;

/// All of them on one platform: starting it for each would cost more than the videos.
#[tokio::test]
async fn every_odd_video_has_its_outcome() {
    let started = Instant::now();
    let up = Rc::new(Up::start().await);
    let complaints = LocalSet::new().run_until(outcomes(&up)).await;
    let seconds = started.elapsed().as_secs_f64();
    report(&format!(
        "odd videos: {} not as expected, {seconds:.0} s",
        complaints.len()
    ));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// On a platform of their own: what happens must happen while their transcode is at work, not while it waits.
#[tokio::test]
async fn objects_that_change_while_they_are_processed_are_not_published() {
    let up = Up::start().await;
    let mut complaints = changed::replaced(&up).await;
    complaints.extend(changed::deleted(&up).await);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What is not as expected of the videos and the keys.
async fn outcomes(up: &Rc<Up>) -> Vec<String> {
    let turns = Rc::new(Semaphore::new(AT_ONCE));
    let cases = videos::cases().into_iter().chain(keys::cases());
    let running: Vec<_> = cases
        .map(|case| {
            let (up, turns) = (Rc::clone(up), Rc::clone(&turns));
            spawn_local(async move {
                let _turn = turns.acquire().await;
                outcome(&up, &case).await
            })
        })
        .collect();
    let mut complaints = Vec::new();
    for one in running {
        complaints.extend(one.await.expect("a case does not panic"));
    }
    complaints
}

/// Hands one video in, waits for its outcome, and prints its row of the table.
async fn outcome(up: &Up, case: &Case) -> Vec<String> {
    let file = case.recipe.make().await;
    let started = Instant::now();
    let job = up.upload(&case.key, file.path(), "default").await;
    let settled = Settled::wait(up, &job).await;
    let seconds = started.elapsed().as_secs_f64();
    let (complaints, told) = expectation::complaints(up, case, &job, &settled).await;
    println!(
        "| {} | {} | {told} | {seconds:.1} |",
        case.name, settled.status
    );
    let named = |complaint: String| format!("{}: {complaint}", case.name);
    complaints.into_iter().map(named).collect()
}
