//! Patience with an API that refuses calls because they were too many.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use aws_sdk_sfn::config::http::HttpResponse;
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};

use super::{Meter, Unreadable};

/// Tries of one call, each after the SDK's own three: with the longest pauses some two minutes.
const TRIES: u32 = 8;
/// Longest first pause.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Codes of refusals that mean: too many calls.
const THROTTLED: [&str; 4] = [
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
];
/// Codes of refusals that mean: not you.
const DENIED: [&str; 3] = [
    "AccessDeniedException",
    "AccessDenied",
    "UnauthorizedOperation",
];

/// Makes a call until it is not throttled, and counts.
pub async fn patiently<T, E, F>(
    operation: &str,
    meter: &Meter,
    call: impl Fn() -> F,
) -> Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    let mut tried = 0;
    loop {
        let answer = call().await;
        tried += 1;
        match answer {
            Err(error) if is_throttled(&error) && tried < TRIES => {
                meter.count_throttled();
                let pause = pause(tried, random());
                eprintln!(
                    "{operation} is throttled: trying again in {:.1} s",
                    pause.as_secs_f64()
                );
                tokio::time::sleep(pause).await;
            }
            answer => {
                meter.count();
                return answer;
            }
        }
    }
}

/// What an error means for the story.
pub fn unreadable<E: ProvideErrorMetadata + std::error::Error + 'static>(
    operation: &str,
    error: &SdkError<E, HttpResponse>,
) -> Unreadable {
    let Some(service) = error.as_service_error() else {
        return Unreadable::Other(format!("{operation}: {}", chain(error)));
    };
    let code = service.code().unwrap_or_default();
    let message = service.message().unwrap_or_default();
    if DENIED.contains(&code) {
        return Unreadable::Denied(message.to_owned());
    }
    if code == "ExecutionDoesNotExist" {
        return Unreadable::Gone;
    }
    Unreadable::Other(format!("{operation}: {code}: {message}"))
}

/// The causes of an error that no service gave, such as a refused connection; the SDK's own words name none.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}

fn is_throttled<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let code = error.as_service_error().and_then(|error| error.code());
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    code.is_some_and(|code| THROTTLED.contains(&code)) || status == Some(429)
}

/// Full jitter: anything up to a bound that doubles; `random` is 0 to 1.
fn pause(tried: u32, random: f64) -> Duration {
    let bound = FIRST_PAUSE.saturating_mul(1 << tried.min(16).saturating_sub(1));
    bound.min(LONGEST_PAUSE).mul_f64(random)
}

#[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
fn random() -> f64 {
    // A new hasher's keys are random.
    let bits = RandomState::new().build_hasher().finish() >> 32;
    bits as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use aws_sdk_sfn::config::http::HttpResponse;
    use aws_sdk_sfn::error::ErrorMetadata;
    use aws_sdk_sfn::operation::get_execution_history::GetExecutionHistoryError;

    use super::*;

    fn refused(code: &str) -> SdkError<GetExecutionHistoryError, HttpResponse> {
        let metadata = ErrorMetadata::builder().code(code).message("no").build();
        let status = 400_u16.try_into();
        let status = status.unwrap_or_else(|_| unreachable!("a status"));
        let answer = HttpResponse::new(status, aws_sdk_s3::primitives::SdkBody::empty());
        SdkError::service_error(GetExecutionHistoryError::generic(metadata), answer)
    }

    #[tokio::test]
    async fn a_throttled_call_is_made_again_and_counted_once() {
        let meter = Meter::default();
        let tries = AtomicU32::new(0);
        let answer = patiently("GetExecutionHistory", &meter, || async {
            match tries.fetch_add(1, Ordering::Relaxed) {
                0 => Err(refused("ThrottlingException")),
                _ => Ok("an answer"),
            }
        });
        assert_eq!(answer.await.ok(), Some("an answer"));
        let calls = meter.calls();
        assert_eq!((calls.made, calls.throttled), (1, 1));
    }

    #[tokio::test]
    async fn a_refusal_is_not_repeated() {
        let meter = Meter::default();
        let answer = patiently("GetExecutionHistory", &meter, || async {
            Err::<(), _>(refused("AccessDeniedException"))
        });
        assert!(answer.await.is_err());
        assert_eq!(meter.calls().made, 1);
    }

    #[test]
    fn what_was_not_read_says_why() {
        let check = |code: &str, expected: &str| {
            let told = unreadable("GetExecutionHistory", &refused(code)).to_string();
            assert!(told.starts_with(expected), "{told}");
        };
        check("AccessDeniedException", "no permission: no");
        check("ExecutionDoesNotExist", "its history is gone");
        check("InternalError", "GetExecutionHistory: InternalError: no");
    }

    #[test]
    fn pauses_double_up_to_a_bound_and_are_shortened_at_random() {
        let check = |tried, random, expected| {
            assert_eq!(pause(tried, random), Duration::from_millis(expected));
        };
        check(1, 1.0, 1_000);
        check(2, 1.0, 2_000);
        check(3, 0.5, 2_000);
        check(6, 1.0, 30_000);
        check(60, 1.0, 30_000);
        check(5, 0.0, 0);
        assert!((0.0..=1.0).contains(&super::random()));
    }
}
