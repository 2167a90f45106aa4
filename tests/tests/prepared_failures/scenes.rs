//! The five failures, each with its cure.

use std::ffi::OsString;
use std::path::Path;

use tempfile::TempDir;
use videoflow_shared::identity::JobId;

use crate::failures::functions_with_a_throwing;
use crate::nonsense::Nonsense;
use crate::support::up::{EXECUTIONS, Up};
use crate::support::{link_functions, path_with_ffmpeg, root, tiny_clip};

/// What everything that explains the failure has to say.
#[derive(Debug)]
pub struct Expected {
    /// Machine of the state.
    pub machine: &'static str,
    /// State that failed.
    pub state: &'static str,
    /// Its error.
    pub error: &'static str,
    /// Part of its cause.
    pub cause: &'static str,
    /// Transcodings until the video is published: only one that failed is made again.
    pub transcodes: usize,
}

/// How the cause is mended.
enum Cure {
    /// The platform gets the real functions and no special environment.
    StartAgain,
    /// This file goes.
    Remove(&'static str),
    /// The function that waits works on.
    OpenGate,
}

/// A platform with a video that fails.
pub struct Scene {
    /// The platform.
    pub up: Up,
    /// The job.
    pub job: JobId,
    /// What is wrong.
    pub expected: Expected,
    cure: Cure,
}

impl Scene {
    async fn begin(
        folder: TempDir,
        environment: Vec<(&'static str, OsString)>,
        cure: Cure,
        expected: Expected,
    ) -> Self {
        let clip = tiny_clip(folder.path());
        let up = Up::prepared(folder, environment).await;
        let job = up.upload("night shift/clip +1.mp4", &clip, "lean").await;
        Self {
            up,
            job,
            expected,
            cure,
        }
    }

    /// A function throws an error of its own.
    pub async fn thrown() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let functions = folder.path().join("functions");
        std::fs::create_dir(&functions).expect("a folder");
        functions_with_a_throwing("publish-assets", &functions);
        let expected = Expected {
            machine: "publish-video",
            state: "PublishAssets",
            error: "Thrown",
            cause: "this function was made to throw",
            transcodes: 1,
        };
        Self::begin(folder, Vec::new(), Cure::StartAgain, expected).await
    }

    /// `MediaConvert` takes the job and fails at it: its ffmpeg cannot.
    pub async fn failed_transcode() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        link_functions(&folder.path().join("functions"), |_| None);
        let broken = folder.path().join("broken");
        std::fs::write(&broken, "").expect("a file");
        let script = format!(
            "if [ -e '{}' ]; then echo 'the encoder is broken' >&2; exit 1; fi",
            broken.display()
        );
        let path = path_with_ffmpeg(folder.path(), &script);
        let expected = Expected {
            machine: "preprocess-video",
            state: "TranscodeFailed",
            error: "MediaConvert.JobFailed",
            cause: "the encoder is broken",
            transcodes: 2,
        };
        let environment = vec![("PATH", path)];
        Self::begin(folder, environment, Cure::Remove("broken"), expected).await
    }

    /// The model refuses for being asked too often, until nobody asks any more.
    pub async fn throttled() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        link_functions(&folder.path().join("functions"), |_| None);
        let model = Nonsense::start();
        model.says(429, "", "stop");
        let environment = vec![("VIDEOFLOW_OPENAI_BASE_URL", OsString::from(&model.url))];
        let expected = Expected {
            machine: "merge-brief",
            state: "WriteBrief",
            error: "ServiceThrottled",
            cause: "Throttling",
            transcodes: 1,
        };
        Self::begin(folder, environment, Cure::StartAgain, expected).await
    }

    /// A function does not answer in its state's time.
    pub async fn timed_out() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Up::gate("align-streams", &folder);
        let definitions = folder.path().join("statemachines");
        impatient_definitions(&definitions);
        let environment = vec![("VIDEOFLOW_STATEMACHINES", OsString::from(definitions))];
        let expected = Expected {
            machine: "merge-brief",
            state: "AlignStreams",
            error: "States.Timeout",
            cause: "",
            transcodes: 1,
        };
        Self::begin(folder, environment, Cure::OpenGate, expected).await
    }

    /// Somebody stops an execution that the main one waits for.
    pub async fn stopped() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Up::gate("align-streams", &folder);
        let expected = Expected {
            machine: "merge-brief",
            state: "AlignStreams",
            error: "Operator",
            cause: "stopped by hand",
            transcodes: 1,
        };
        let scene = Self::begin(folder, Vec::new(), Cure::OpenGate, expected).await;
        let gated = async || scene.up.gated_process();
        scene.up.until("a function waits", gated).await;
        let prefix = EXECUTIONS.replace("process-video", "merge-brief");
        let stopped = aws_sdk_sfn::Client::new(scene.up.config())
            .stop_execution()
            .execution_arn(format!("{prefix}{}-merge-0-0", scene.job))
            .error("Operator")
            .cause("stopped by hand")
            .send()
            .await;
        stopped.expect("an execution");
        scene
    }

    /// Mends the cause.
    pub async fn mend(&mut self) {
        match self.cure {
            Cure::OpenGate => self.up.open_gate(),
            Cure::Remove(name) => {
                std::fs::remove_file(self.up.folder().join(name)).expect("a file");
            }
            Cure::StartAgain => {
                self.up.kill();
                self.up.start_mended().await;
            }
        }
    }
}

/// The definitions, but for `AlignStreams`, which waits for two seconds only.
fn impatient_definitions(folder: &Path) {
    copy(&root().join("statemachines"), folder);
    let path = folder.join("merge-brief.asl.json");
    let text = std::fs::read_to_string(&path).expect("a definition");
    let impatient = text.replacen("\"TimeoutSeconds\": 300", "\"TimeoutSeconds\": 2", 1);
    assert_ne!(impatient, text);
    std::fs::write(path, impatient).expect("a definition");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a file");
        }
    }
}
