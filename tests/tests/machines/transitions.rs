//! State transitions, by which Step Functions is paid: of a ten-minute video as its machines count them.

use serde_json::json;
use videoflow_asl::simulation::Answer;

use super::answers::{meaning, transcode, transcription};
use super::expectation::End;
use super::scenarios::Scenario;
use super::world::{Run, run};

/// Most transitions of a ten-minute video with all analyses but moderation.
const LIMIT: usize = 60;

/// States that were entered in all executions of a run: each is a transition.
fn transitions(run: &Run) -> usize {
    let count = |ended: &super::world::Ended| {
        let events = serde_json::to_value(ended.execution.history()).expect("a history is JSON");
        let events = events.as_array().expect("events").iter();
        events
            .filter(|event| !event["stateEnteredEventDetails"]["name"].is_null())
            .count()
    };
    run.executions.iter().map(count).sum()
}

/// Transitions where these services are not done when they are asked first, at the end of the time that the plan expects.
/// From ten minutes on, the next question comes a minute later.
fn check(late: &[(&'static str, Answer, Answer)]) -> usize {
    let answers = late
        .iter()
        .map(|(state, early, done)| (*state, vec![early.clone(), done.clone()]));
    let scenario = Scenario {
        name: "a ten-minute video",
        machine: "process-video",
        answers: answers.collect(),
        end: End::Published,
    };
    let run = run(&scenario, None);
    assert_eq!(
        run.main().execution.error(),
        None,
        "{:?}",
        run.main().execution.cause()
    );
    transitions(&run)
}

fn services() -> [(&'static str, Answer, Answer); 4] {
    let labels = |status: &str| Answer::returns(json!({ "JobStatus": status }));
    [
        (
            "CheckTranscode",
            Answer::returns(transcode("PROGRESSING")),
            Answer::returns(transcode("COMPLETE")),
        ),
        ("CheckLabels", labels("IN_PROGRESS"), labels("SUCCEEDED")),
        (
            "CheckTranscription",
            Answer::returns(transcription("IN_PROGRESS", None)),
            Answer::returns(transcription("COMPLETED", None)),
        ),
        (
            "CheckMeaning",
            Answer::returns(meaning("InProgress")),
            Answer::returns(meaning("Success")),
        ),
    ]
}

#[test]
fn a_ten_minute_video_makes_at_most_sixty_transitions() {
    let punctual = check(&[]);
    assert_eq!(punctual, 50, "every service done when it is expected");
    let [one, two, three, _] = services();
    let late = check(&[one, two, three]);
    assert_eq!(
        late,
        punctual + 3 * 3,
        "a question more is three transitions"
    );
    assert!(
        late <= LIMIT,
        "three of four services a minute late: {late}"
    );
}
