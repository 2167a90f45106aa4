use super::*;
use serde_json::json;

const WHOLE: Window = Window {
    start_ms: 0,
    end_ms: 25_000,
};

fn sample(name: &str) -> String {
    let path = format!(
        "{}/../shared/samples/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).unwrap_or_else(|error| unreachable!("{error}"))
}

fn judged(answer: &Answer) -> Judged {
    let timeline =
        serde_json::from_str(&sample("timeline")).unwrap_or_else(|error| unreachable!("{error}"));
    judge(answer, &timeline, WHOLE)
}

fn check(reason: &StopReason, expected: &Answer) {
    assert_eq!(&answer(reason, "x".into()), expected);
}

#[test]
fn stop_reasons_tell_refusals_from_answers() {
    let refused = |reason: &str| Answer::Refused(reason.to_owned());
    check(&StopReason::EndTurn, &Answer::Text("x".into()));
    check(&StopReason::MaxTokens, &Answer::Truncated);
    check(
        &StopReason::GuardrailIntervened,
        &refused("guardrail_intervened"),
    );
    check(&StopReason::ContentFiltered, &refused("content_filtered"));
    check(&StopReason::from("refusal"), &refused("refusal"));
    check(
        &StopReason::ModelContextWindowExceeded,
        &refused("model_context_window_exceeded"),
    );
}

#[test]
fn what_is_asked_again_follows_from_the_answer() {
    let check = |answer: &Answer, expected: &[ConversationRole]| {
        let turns = correction("Write.".into(), answer, &judged(answer)).unwrap_or_default();
        let roles: Vec<_> = turns.iter().map(|(role, _)| role.clone()).collect();
        assert_eq!(roles, expected, "{answer:?}");
        assert!(turns.iter().all(|(_, text)| !text.is_empty()));
        turns
            .last()
            .map(|(_, text)| text.clone())
            .unwrap_or_default()
    };
    let user = ConversationRole::User;
    check(&Answer::Text(sample("draft")), &[]);
    check(&Answer::Refused("refusal".into()), &[]);
    let asked = check(
        &Answer::Text("{}".into()),
        &[user.clone(), ConversationRole::Assistant, user.clone()],
    );
    assert!(asked.contains("not JSON of the schema"), "{asked}");
    check(&Answer::Text(" ".into()), std::slice::from_ref(&user));
    let asked = check(&Answer::Truncated, &[user]);
    assert!(
        asked.starts_with("Write.") && asked.contains("8000 tokens"),
        "{asked}"
    );
}

#[test]
fn an_answer_that_cannot_be_read_leaves_what_was_found() {
    for answer in [
        Answer::Text("I am a teapot.".into()),
        Answer::Truncated,
        Answer::Refused("refusal".into()),
    ] {
        let Reviewed { draft, problems } = judged(&answer).reviewed;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((draft.title.text.as_str(), draft.quotes.len()), ("", 0));
        assert!(
            draft
                .chapters
                .iter()
                .all(|chapter| chapter.title.is_empty())
                && !draft.chapters.is_empty()
        );
    }
}

#[test]
fn the_better_draft_is_kept() {
    let draft = |is_draft: bool, problems: usize| {
        let problem = Problem {
            code: WarningCode::AnswerMalformed,
            message: String::new(),
            is_unsupported: false,
        };
        Judged {
            reviewed: Reviewed {
                draft: Draft::default(),
                problems: vec![problem; problems],
            },
            is_draft,
        }
    };
    let check = |first: (bool, usize), corrected: (bool, usize), expected: (bool, usize)| {
        let kept = better(draft(first.0, first.1), draft(corrected.0, corrected.1));
        assert_eq!((kept.is_draft, kept.reviewed.problems.len()), expected);
    };
    check((true, 3), (true, 1), (true, 1));
    check((true, 1), (true, 3), (true, 1));
    check((true, 2), (false, 1), (true, 2));
    check((false, 1), (true, 2), (true, 2));
}

#[test]
fn requests_carry_the_reduced_schema() {
    let config = output_config().unwrap_or_else(|error| unreachable!("{error}"));
    let structure = config.text_format().and_then(OutputFormat::structure);
    let schema = structure.and_then(|structure| structure.as_json_schema().ok());
    assert_eq!(
        schema.map(JsonSchemaDefinition::schema),
        Some(draft::SCHEMA)
    );
    assert!(
        serde_json::from_str::<serde_json::Value>(draft::SCHEMA)
            .is_ok_and(|schema| schema != json!(null))
    );
}
