//! How a state fails.

/// What kind of failure it is: it decides who may handle it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// Reported by a service, a Fail state or a timeout: Retry and Catch may handle it; the cause is told as it is.
    Reported,
    /// An expression failed: as above, after an `EvaluationFailed` event; the cause is told with the state's name.
    Evaluation,
    /// Nothing handles it: the execution fails.
    Fatal,
}

/// The failure of a state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// Error name; a failure may come without one.
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    /// Field of the state whose evaluation failed, e.g. `Assign/result`.
    pub(crate) location: Option<String>,
    /// Another name by which handlers know the error.
    pub(crate) alias: Option<&'static str>,
}

impl Failure {
    /// A failure that a service, a Fail state or a timeout reports.
    pub(crate) fn reported(error: Option<String>, cause: Option<String>) -> Self {
        Self {
            kind: FailureKind::Reported,
            error,
            cause,
            location: None,
            alias: None,
        }
    }

    /// `States.Timeout`. AWS reports a missed heartbeat by the same name, but handlers know it as
    /// `States.HeartbeatTimeout` too.
    pub(crate) fn timeout(alias: Option<&'static str>) -> Self {
        let failure = Self::reported(Some("States.Timeout".to_owned()), Some(String::new()));
        Self { alias, ..failure }
    }

    /// `States.QueryEvaluationError`.
    pub(crate) fn query(location: Option<&str>, cause: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::Evaluation,
            error: Some("States.QueryEvaluationError".to_owned()),
            cause: Some(cause.into()),
            location: location.map(str::to_owned),
            alias: None,
        }
    }

    /// `States.IntrinsicFailure`: as `JSONPath` has no evaluation events, it is a reported failure.
    pub(crate) fn intrinsic(cause: impl Into<String>) -> Self {
        Self::reported(
            Some("States.IntrinsicFailure".to_owned()),
            Some(cause.into()),
        )
    }

    /// `States.Runtime`.
    pub(crate) fn runtime(cause: impl Into<String>) -> Self {
        Self::fatal("States.Runtime", cause)
    }

    /// A failure that nothing handles.
    pub(crate) fn fatal(error: &str, cause: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::Fatal,
            error: Some(error.to_owned()),
            cause: Some(cause.into()),
            location: None,
            alias: None,
        }
    }
}
