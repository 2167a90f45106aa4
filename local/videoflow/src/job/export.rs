//! Taking home everything of a job: `DIR/<job>/`, written whole.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use aws_sdk_s3::Client;
use serde_json::{Value, json};
use videoflow_platform::names;
use videoflow_platform::platform::Platform;
use videoflow_platform::step_functions::Record;
use videoflow_shared::identity::JobId;

use super::follow::execution_arn;

/// Pages of 1,000 objects of one job: hours of segments, frames and renditions.
const MAX_PAGES: usize = 100;

/// What to export, and where to.
pub struct Export<'a> {
    /// The platform that ran the job.
    pub platform: &'a Platform,
    /// Its S3.
    pub s3: &'a Client,
    /// Folder of the platform's state.
    pub data: &'a Path,
    /// Folder that the job's folder comes into.
    pub out: &'a Path,
}

impl Export<'_> {
    /// Writes `<out>/<job>/` and answers its path. A folder of an earlier export is replaced.
    ///
    /// # Errors
    /// An object cannot be read, or the folder cannot be written.
    pub async fn write(&self, job: &JobId) -> anyhow::Result<PathBuf> {
        let folder = self.out.join(job.as_str());
        let temporary = self.data.join(format!("export-{job}"));
        remove(&temporary)?;
        fs::create_dir_all(&temporary)
            .with_context(|| format!("cannot make {}", temporary.display()))?;
        // Before this export's own calls.
        self.write_calls(&temporary.join("calls.jsonl"))?;
        // A forced run reuses what its base job paid for: that comes first, its own results over it.
        let base = job.base();
        for owner in [&base, job] {
            self.download(&format!("media/{owner}/"), &temporary.join("media"))
                .await?;
            self.download(&format!("work/{owner}/"), &temporary.join("analysis"))
                .await?;
        }
        self.download(&format!("published/{job}/"), &temporary)
            .await?;
        self.write_histories(job, &temporary.join("histories"))?;
        let replaced = self.data.join(format!("replaced-{job}"));
        remove(&replaced)?;
        if folder.exists() {
            fs::rename(&folder, &replaced)
                .with_context(|| format!("cannot replace {}", folder.display()))?;
        }
        fs::rename(&temporary, &folder)
            .with_context(|| format!("cannot write {}", folder.display()))?;
        remove(&replaced)?;
        Ok(folder)
    }

    async fn download(&self, prefix: &str, folder: &Path) -> anyhow::Result<()> {
        let bucket = names::prefixed("output");
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let page = self
                .s3
                .list_objects_v2()
                .bucket(&bucket)
                .prefix(prefix)
                .set_continuation_token(token);
            let page = page.send().await.map_err(aws_sdk_s3::Error::from);
            let page = page.with_context(|| format!("cannot list {prefix}"))?;
            for key in page.contents().iter().filter_map(|object| object.key()) {
                if let Some(path) = inside(folder, key.strip_prefix(prefix).unwrap_or(key)) {
                    self.download_object(&bucket, key, &path).await?;
                }
            }
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn download_object(&self, bucket: &str, key: &str, path: &Path) -> anyhow::Result<()> {
        let object = self
            .s3
            .get_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await
            .map_err(aws_sdk_s3::Error::from);
        let object = object.with_context(|| format!("cannot read {key}"))?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot make {}", parent.display()))?;
        }
        let mut file = tokio::fs::File::create(path)
            .await
            .with_context(|| format!("cannot write {}", path.display()))?;
        let mut body = object.body.into_async_read();
        tokio::io::copy(&mut body, &mut file)
            .await
            .with_context(|| format!("cannot copy {key}"))?;
        Ok(())
    }

    fn write_histories(&self, job: &JobId, folder: &Path) -> anyhow::Result<()> {
        let records = self.data.join("executions");
        for station in self.platform.step_functions().stations(&execution_arn(job)) {
            let arn = &station.execution_arn;
            let record =
                Record::read(&records, arn).with_context(|| format!("cannot read {arn}"))?;
            record
                .write(folder)
                .with_context(|| format!("cannot write the history of {arn}"))?;
        }
        Ok(())
    }

    fn write_calls(&self, path: &Path) -> anyhow::Result<()> {
        let mut lines = String::new();
        for call in self.platform.services().record().calls() {
            lines.push_str(&serde_json::to_string(&call)?);
            lines.push('\n');
        }
        fs::write(path, lines).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Where the things of a job's folder lie; what is not there is null.
pub fn outputs(folder: &Path) -> Value {
    let path = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
    json!({
        "folder": folder,
        "briefJson": path("brief.json"),
        "briefMarkdown": path("brief.md"),
        "briefHtml": path("brief.html"),
        "transcript": path("transcript.json"),
        "subtitles": path("subtitles"),
        "media": path("media"),
        "analysis": path("analysis"),
        "histories": path("histories"),
        "calls": path("calls.jsonl"),
    })
}

/// The path of a key below a folder; `None` for a folder marker and for keys that would lead out of it.
fn inside(folder: &Path, key: &str) -> Option<PathBuf> {
    let relative = Path::new(key);
    let is_plain = relative
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    (is_plain && !key.is_empty() && !key.ends_with('/')).then(|| folder.join(relative))
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_inside_the_folder() {
        let check = |key: &str, expected: Option<&str>| {
            assert_eq!(
                inside(Path::new("out"), key),
                expected.map(PathBuf::from),
                "{key}"
            );
        };
        check("stream/index.m3u8", Some("out/stream/index.m3u8"));
        check("brief.json", Some("out/brief.json"));
        check("../brief.json", None);
        check("/etc/passwd", None);
        check("a/../../b", None);
        check("stream/", None);
        check("", None);
    }
}
