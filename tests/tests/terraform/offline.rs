//! Terraform with the offline provider: a copy of the configuration, a local state, throw-away values.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Applied;
use crate::support::{report, root};

/// Where the offline provider is kept, beside the repository.
pub const OFFLINE: &str = "../shared/terraform-offline";

/// The environment that most tests look at.
const DEVELOPMENT: &str = "environments/dev";
/// Where Terraform keeps the state.
const STATE: &str = "terraform.tfstate";

/// A configuration in a folder of its own.
pub struct Workspace {
    folder: TempDir,
    /// The environment's folder, or the platform's, from the repository's root.
    configuration: PathBuf,
    settings: PathBuf,
}

impl Workspace {
    /// A copy of one configuration (`environments/dev`, `platform`), initialised; `None`, and said so, where Terraform or the
    /// provider is not at hand.
    pub fn open(configuration: &str) -> Option<Self> {
        let settings = provider()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let parts = [
            "terraform",
            "statemachines",
            "functions/functions.json",
            "functions/jobs-api/openapi.json",
        ];
        for part in parts {
            copy(&root().join(part), &folder.path().join(part));
        }
        let configuration = Path::new("terraform").join(configuration);
        let workspace = Self {
            configuration,
            settings: settings.to_owned(),
            folder,
        };
        // The state of a test belongs to no bucket.
        let backend = "terraform {\n  backend \"local\" {}\n}\n";
        workspace.write("backend_override.tf", backend);
        workspace.write("manifest.json", &packages().to_string());
        workspace.write(
            "terraform.tfvars.json",
            &variables(&workspace.configuration).to_string(),
        );
        workspace.must(&["init"]);
        Some(workspace)
    }

    /// A copy of the development environment as it was applied, to be changed.
    pub fn development() -> Option<Self> {
        let (applied, _) = development()?;
        let workspace = Self::open(DEVELOPMENT)?;
        workspace.write(STATE, &applied.state);
        Some(workspace)
    }

    /// Writes a file into the configuration's folder.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Runs terraform.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env("TF_CLI_CONFIG_FILE", &self.settings)
            .env("TF_INPUT", "0")
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_CLI_ARGS", "-no-color");
        command.output().expect("terraform is installed")
    }

    /// Runs terraform, which has to succeed, and gives what it says.
    pub fn must(&self, arguments: &[&str]) -> String {
        self.tried(arguments)
            .unwrap_or_else(|said| panic!("{said}"))
    }

    fn tried(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.run(arguments);
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("terraform {}: {said}", arguments.join(" ")))
    }

    /// A plan as JSON.
    pub fn plan(&self) -> Value {
        self.must(&["plan", "-out=saved.tfplan"]);
        self.json(&["show", "-json", "saved.tfplan"])
    }

    /// The state as JSON.
    pub fn state(&self) -> Value {
        self.json(&["show", "-json"])
    }

    /// Changes attributes in the state, as AWS would change them: `(module, type, attribute, value)`.
    pub fn change_state(&self, changes: &[(&str, &str, &str, &str)]) {
        let path = self.path(STATE);
        let mut state = crate::support::read_json(&path);
        for (module, kind, attribute, value) in changes {
            let resources = state["resources"].as_array_mut().expect("resources");
            let resource = resources
                .iter_mut()
                .find(|resource| resource["type"] == *kind && resource["module"] == *module)
                .unwrap_or_else(|| panic!("no {kind} in {module}"));
            resource["instances"][0]["attributes"][*attribute] = (*value).into();
        }
        std::fs::write(&path, state.to_string()).expect("a writable state");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(&self.configuration).join(name)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.must(arguments)).expect("terraform shows JSON")
    }
}

/// The development environment, applied once for all tests, and what a plan after that would change.
pub fn development() -> Option<&'static (Applied, Value)> {
    static APPLIED: OnceLock<Result<Option<(Applied, Value)>, String>> = OnceLock::new();
    let applied = APPLIED.get_or_init(|| {
        let Some(workspace) = Workspace::open(DEVELOPMENT) else {
            return Ok(None);
        };
        workspace.tried(&["apply", "-auto-approve"])?;
        let state = std::fs::read_to_string(workspace.path(STATE)).expect("a state");
        let applied = Applied::of(&workspace.state(), state);
        Ok(Some((applied, workspace.plan())))
    });
    let applied = applied.as_ref();
    applied.unwrap_or_else(|said| panic!("{said}")).as_ref()
}

/// The command line settings that name the offline provider, set up on first use.
pub fn provider() -> Option<&'static Path> {
    static PROVIDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let settings = PROVIDER.get_or_init(|| {
        if Command::new("terraform").arg("version").output().is_err() {
            report("skipped: terraform is not installed");
            return None;
        }
        let offline = root().join(OFFLINE);
        if !offline.is_dir() {
            report("skipped: no offline AWS provider beside the repository");
            return None;
        }
        let home = root().join("target/tmp/terraform-offline");
        std::fs::create_dir_all(&home).expect("a folder for the provider");
        let home = home.canonicalize().expect("a folder for the provider");
        let made = Command::new("sh")
            .arg(offline.join("setup.sh"))
            .arg(&home)
            .output()
            .expect("a shell");
        assert!(
            made.status.success(),
            "the offline provider cannot be set up: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        Some(home.join("terraform.rc"))
    });
    settings.as_deref()
}

/// A manifest of zips that nobody reads: the offline provider uploads nothing.
fn packages() -> Value {
    let functions = crate::support::read_json(&root().join("functions/functions.json"));
    let functions = functions.as_object().expect("functions by name");
    let package = |name: &String| json!({"path": format!("{name}/bootstrap.zip"), "sha256": format!("{}=", "A".repeat(43))});
    functions
        .keys()
        .map(|name| (name.clone(), package(name)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Values for the variables that a deployment has to give.
pub fn variables(configuration: &Path) -> Value {
    // As long as a key is; nobody signs with it.
    let public_key = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        "A".repeat(392)
    );
    let mut variables = json!({
        "alarm_email_addresses": ["on-call@example.com"],
        "bedrock_model_id": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "data_automation": {
            "project_arn": "arn:aws:bedrock:us-east-1:123456789012:data-automation-project/abcdef",
            "profile_arn": "arn:aws:bedrock:us-east-1:123456789012:data-automation-profile/us.data-automation-v1",
        },
        "signing_public_keys": {"first": public_key},
    });
    let own = if configuration.ends_with("platform") {
        json!({
            "environment": "dev",
            "cost_tag": {"key": "Platform", "value": "videoflow-dev"},
            "packages": packages(),
            "settings": {
                "is_protected": false, "alias_weights_owner": "terraform",
                "log_retention_days": 14, "monthly_budget_usd": 100,
            },
        })
    } else {
        json!({"account_id": "123456789012", "region": "us-east-1", "package_manifest": "manifest.json"})
    };
    for (name, value) in own.as_object().into_iter().flatten() {
        variables[name] = value.clone();
    }
    variables
}

/// Copies a file or a folder, without what `terraform init` leaves in it.
fn copy(from: &Path, to: &Path) {
    let parent = to.parent().expect("a folder");
    std::fs::create_dir_all(parent).expect("a writable folder");
    if from.is_file() {
        std::fs::copy(from, to).expect("a copy");
        return;
    }
    for entry in
        std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()))
    {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if name != ".terraform" && name != ".terraform.lock.hcl" {
            copy(&entry.path(), &to.join(name));
        }
    }
}
