//! The routes, as openapi.json has them.

use videoflow_shared::identity::JobId;

use crate::Error;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A new job, or a new run of one.
    Start,
    /// Several jobs.
    List,
    /// One job.
    Show,
    /// Its brief.
    Brief,
    /// Its outputs.
    Outputs,
    /// A person says yes.
    Approve,
    /// A person says no.
    Reject,
    /// A failed job goes on.
    Redrive,
    /// Everything of the video goes.
    Delete,
    /// What became of that.
    Deletion,
    /// This API.
    Describe,
}

use Operation::{
    Approve, Brief, Delete, Deletion, Describe, List, Outputs, Redrive, Reject, Show, Start,
};

/// Every route: method, path, operation.
pub const ROUTES: [(&str, &str, Operation); 11] = [
    ("GET", "/jobs", List),
    ("POST", "/jobs", Start),
    ("GET", "/jobs/{jobId}", Show),
    ("DELETE", "/jobs/{jobId}", Delete),
    ("POST", "/jobs/{jobId}/approve", Approve),
    ("GET", "/jobs/{jobId}/brief", Brief),
    ("GET", "/jobs/{jobId}/deletion", Deletion),
    ("GET", "/jobs/{jobId}/outputs", Outputs),
    ("POST", "/jobs/{jobId}/redrive", Redrive),
    ("POST", "/jobs/{jobId}/reject", Reject),
    ("GET", "/openapi.json", Describe),
];

/// A route that was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// What it is for.
    pub operation: Operation,
    /// The job in the path; routes without one have none.
    job: Option<JobId>,
}

impl Route {
    /// The job in the path.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] on a route without one, which no caller asks for.
    pub fn job(&self) -> Result<&JobId, Error> {
        self.job
            .as_ref()
            .ok_or_else(|| Error::JobNotFound(String::new()))
    }
}

/// Finds the route.
///
/// # Errors
/// [`Error::RouteNotFound`]; [`Error::MethodNotAllowed`]; [`Error::JobNotFound`] for what is no job id.
pub fn route(method: &str, path: &str) -> Result<Route, Error> {
    let fitting: Vec<_> = ROUTES
        .iter()
        .filter_map(|(method, route, operation)| Some((*method, *operation, fit(route, path)?)))
        .collect();
    let Some((_, operation, job)) = fitting.iter().find(|(allowed, ..)| *allowed == method) else {
        let allowed: Vec<&str> = fitting.iter().map(|(allowed, ..)| *allowed).collect();
        if allowed.is_empty() {
            return Err(Error::RouteNotFound(format!("{method} {path}")));
        }
        return Err(Error::MethodNotAllowed {
            method: method.to_owned(),
            allowed: allowed.join(", "),
        });
    };
    let parse = |text: &&str| {
        text.parse()
            .map_err(|_| Error::JobNotFound(text.chars().take(80).collect()))
    };
    Ok(Route {
        operation: *operation,
        job: job.first().map(parse).transpose()?,
    })
}

/// What stands for the parameters of a route in a path that fits it.
fn fit<'a>(route: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let (mut wanted, mut found) = (route.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return Some(parameters),
            (Some("{jobId}"), Some(part)) => parameters.push(part),
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::description;

    fn check(method: &str, path: &str, expected: Result<Operation, &str>) {
        let found = route(method, path).map(|route| route.operation);
        let found = found.map_err(|error| <&str>::from(&error));
        assert_eq!(found, expected, "{method} {path}");
    }

    #[test]
    fn finds_the_documented_routes_only() {
        let id = JobId::of("b", "k", "1", "default");
        check("POST", "/jobs", Ok(Start));
        check("GET", "/jobs", Ok(List));
        check("GET", &format!("/jobs/{id}"), Ok(Show));
        check("DELETE", &format!("/jobs/{id}"), Ok(Delete));
        check("POST", &format!("/jobs/{id}/reject"), Ok(Reject));
        check("GET", "/openapi.json", Ok(Describe));
        check("GET", "/jobs/x", Err("JobNotFound"));
        check("GET", "/jobs/", Err("JobNotFound"));
        check("PUT", &format!("/jobs/{id}"), Err("MethodNotAllowed"));
        check("HEAD", "/jobs", Err("MethodNotAllowed"));
        check("GET", "/", Err("RouteNotFound"));
        check("POST", &format!("/jobs/{id}/review"), Err("RouteNotFound"));
        check(
            "POST",
            &format!("/jobs/{id}/reject/x"),
            Err("RouteNotFound"),
        );
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let id = JobId::of("b", "k", "1", "default");
        let Err(Error::MethodNotAllowed { allowed, .. }) = route("PUT", &format!("/jobs/{id}"))
        else {
            unreachable!("no such method")
        };
        assert_eq!(allowed, "GET, DELETE");
    }

    #[test]
    fn the_description_has_every_route_and_no_other() {
        let document: Value =
            serde_json::from_str(description()).unwrap_or_else(|error| unreachable!("{error}"));
        let paths = document["paths"].as_object().into_iter().flatten();
        let described: BTreeSet<(String, &str)> = paths
            .flat_map(|(path, item)| {
                let methods = item.as_object().into_iter().flatten();
                methods.map(move |(method, _)| (method.to_uppercase(), path.as_str()))
            })
            .filter(|(method, _)| method != "PARAMETERS")
            .collect();
        let routes = ROUTES
            .iter()
            .map(|(method, path, _)| ((*method).to_owned(), *path));
        assert_eq!(described, routes.collect());
    }
}
