//! What fills the definitions' placeholders and, in upper case, the functions' settings.

use std::collections::BTreeMap;
use std::path::Path;

use super::state::MAX_RECEIVE_COUNT;
use crate::lambda::{self, Function, deployments};
use crate::sqs::dead_letters;
use crate::{arn, names};

/// Model that writes briefs: the local writer has one name for all.
const BEDROCK_MODEL_ID: &str = "videoflow.local-writer-v1";

/// Videos that are worked on at once, as deployed.
const MAXIMUM_RUNNING_JOBS: u32 = 100;
/// Seconds for which equal failures are counted: ten minutes on AWS; a laptop does not wait so long.
const NOTICE_WINDOW_SECONDS: u32 = 10;
/// Days of retention that functions tell of. Nothing expires here: logs and events stay until their folder is removed.
const RETENTION_DAYS: u32 = 90;
/// Days of point-in-time recovery that functions tell of.
const RECOVERY_DAYS: u32 = 35;

/// Names of the local buckets, tables, queues and so on, without prefix.
pub(super) mod resource {
    pub(in super::super) const SOURCE: &str = "source";
    pub(in super::super) const OUTPUT: &str = "output";
    pub(in super::super) const INGEST: &str = "ingest";
    pub(in super::super) const FAILURES: &str = "failures";
    pub(in super::super) const DELETIONS: &str = "deletions";
    pub(in super::super) const FAILED_VIDEOS: &str = "failed-videos";
    pub(in super::super) const NOTICES: &str = "notices";
    pub(in super::super) const DOMAIN: &str = "domain";
    pub(in super::super) const UNHEALTHY: &str = "unhealthy";
}

/// Every placeholder with its value, given the queues' URLs and the ARNs that callers of machines use, by the machines'
/// names without prefix.
pub fn placeholders<'a>(
    queue_url: impl Fn(&str) -> String,
    machines: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> BTreeMap<String, String> {
    let name = |name: &str| names::prefixed(name);
    let fixed = [
        ("jobs_table_name", name("jobs")),
        ("claims_table_name", name("claims")),
        ("source_bucket_name", name(resource::SOURCE)),
        ("output_bucket_name", name(resource::OUTPUT)),
        ("ingest_queue_url", queue_url(&name(resource::INGEST))),
        (
            "ingest_dead_letters_queue_url",
            queue_url(&dead_letters(&name(resource::INGEST))),
        ),
        ("failures_queue_url", queue_url(&name(resource::FAILURES))),
        (
            "failures_dead_letters_queue_url",
            queue_url(&dead_letters(&name(resource::FAILURES))),
        ),
        ("deletions_queue_url", queue_url(&name(resource::DELETIONS))),
        (
            "deletions_dead_letters_queue_url",
            queue_url(&dead_letters(&name(resource::DELETIONS))),
        ),
        (
            "failed_videos_queue_url",
            queue_url(&name(resource::FAILED_VIDEOS)),
        ),
        ("notices_topic_arn", arn::topic(&name(resource::NOTICES))),
        ("domain_event_bus_name", name(resource::DOMAIN)),
        ("data_key_arn", arn::regional("kms", "key/local")),
        (
            "media_convert_queue_arn",
            arn::regional("mediaconvert", &format!("queues/{}", name("transcodes"))),
        ),
        ("media_convert_role_arn", names::role_arn("media-convert")),
        (
            "process_video_arn",
            names::state_machine_arn(names::PROCESS_VIDEO),
        ),
        (
            "data_automation_project_arn",
            arn::regional("bedrock", "data-automation-project/local"),
        ),
        (
            "data_automation_profile_arn",
            arn::regional("bedrock", "data-automation-profile/us.data-automation-v1"),
        ),
    ];
    let functions = deployments().keys().map(|function| {
        (
            format!("{}_function_arn", function.replace('-', "_")),
            names::function_arn(function),
        )
    });
    let machines = machines.into_iter();
    let machines =
        machines.map(|(machine, arn)| (names::machine_placeholder(machine), arn.clone()));
    fixed
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .chain(functions)
        .chain(machines)
        .collect()
}

/// Every setting that a function may read: all placeholders in upper case, the model, what the queues' owner decides, and
/// how `videoflow` finds the platform whose state is in `data`.
pub fn settings(placeholders: &BTreeMap<String, String>, data: &Path) -> BTreeMap<String, String> {
    let upper = placeholders
        .iter()
        .map(|(name, value)| (name.to_uppercase(), value.clone()));
    let fixed = [
        ("ACCESS_LOG_RETENTION_DAYS", RETENTION_DAYS.to_string()),
        ("BEDROCK_MODEL_ID", BEDROCK_MODEL_ID.to_owned()),
        ("COMMAND_OPTIONS", command_options(data)),
        ("EVENT_ARCHIVE_DAYS", RETENTION_DAYS.to_string()),
        ("LOG_RETENTION_DAYS", RETENTION_DAYS.to_string()),
        ("MAXIMUM_RUNNING_JOBS", MAXIMUM_RUNNING_JOBS.to_string()),
        ("NOTICE_WINDOW_SECONDS", NOTICE_WINDOW_SECONDS.to_string()),
        ("RECEIVE_LIMIT", MAX_RECEIVE_COUNT.to_string()),
        ("RECOVERY_DAYS", RECOVERY_DAYS.to_string()),
    ];
    upper
        .chain(fixed.map(|(name, value)| (name.to_owned(), value)))
        .collect()
}

/// `--data DIR` as a shell takes it, from wherever.
fn command_options(data: &Path) -> String {
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_path_buf());
    let data = data.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if data.chars().all(is_plain) {
        format!("--data {data}")
    } else {
        format!("--data '{}'", data.replace('\'', r"'\''"))
    }
}

/// What Lambda itself gives a function, and the way to the platform.
fn given(name: &str, endpoint_url: &str) -> [(String, String); 4] {
    [
        ("AWS_ENDPOINT_URL", endpoint_url),
        ("AWS_REGION", names::REGION),
        // The key id tells the call record who calls.
        ("AWS_ACCESS_KEY_ID", name),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// The functions, each with the settings that it is listed to read, and no others.
pub(super) fn functions<'a>(
    folder: &'a Path,
    values: &BTreeMap<String, String>,
    data: &Path,
    url: &'a str,
) -> impl Iterator<Item = Function> + use<'a> {
    let settings = settings(values, data);
    deployments().iter().map(move |(name, deployment)| {
        let listed = deployment.environment.iter();
        let listed =
            listed.filter_map(|setting| Some((setting.clone(), settings.get(setting)?.clone())));
        Function {
            name: name.clone(),
            full_name: names::prefixed(name),
            arn: names::function_arn(name),
            binary: lambda::binary(folder, name),
            environment: listed.chain(given(name, url)).collect(),
            memory_mb: deployment.memory_mb,
            timeout_seconds: deployment.timeout_seconds,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_names_urls_and_arns() {
        let machines = BTreeMap::from([("sanitize-file".to_owned(), "arn:m:7".to_owned())]);
        let values = placeholders(|queue| format!("http://q/{queue}"), &machines);
        let check = |name: &str, expected: &str| {
            assert_eq!(
                values.get(name).map(String::as_str),
                Some(expected),
                "{name}"
            );
        };
        check(
            "ingest_dead_letters_queue_url",
            "http://q/videoflow-local-ingest-dead-letters",
        );
        check("jobs_table_name", "videoflow-local-jobs");
        check(
            "failed_videos_queue_url",
            "http://q/videoflow-local-failed-videos",
        );
        check(
            "notices_topic_arn",
            "arn:aws:sns:us-east-1:000000000000:videoflow-local-notices",
        );
        check(
            "inspect_file_function_arn",
            "arn:aws:lambda:us-east-1:000000000000:function:videoflow-local-inspect-file:1",
        );
        check("sanitize_file_state_machine_arn", "arn:m:7");
    }

    #[test]
    fn commands_find_the_platform_from_wherever() {
        let check = |data: &str, expected: &str| {
            assert_eq!(command_options(Path::new(data)), expected);
        };
        check("/srv/x-1/.videoflow", "--data /srv/x-1/.videoflow");
        check("/a b/it's", r"--data '/a b/it'\''s'");
    }

    #[test]
    fn a_function_gets_the_settings_that_it_reads_and_no_others() {
        let values = placeholders(str::to_owned, []);
        let functions = functions(
            Path::new("/bin"),
            &values,
            Path::new("/d"),
            "http://127.0.0.1:1",
        );
        let find = functions.filter(|function| function.name == "find-unprocessed");
        let settings: Vec<_> = find
            .flat_map(|function| function.environment)
            .filter(|(name, _)| !name.starts_with("AWS_"))
            .collect();
        let jobs = "videoflow-local-jobs".to_owned();
        assert_eq!(settings, [("JOBS_TABLE_NAME".to_owned(), jobs)]);
    }
}
