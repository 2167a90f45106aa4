//! `DeleteStateMachine`: a machine is gone when its executions are.

use std::io;
use std::sync::Arc;

use videoflow_asl::effect::Event;

use super::driver::Shared;
use super::entry::Entry;
use super::machines::{Machine, Status};

/// Ends the machines whose end had begun when the platform ended.
pub(super) fn resume(shared: &Arc<Shared>) {
    let machines = shared.machines.all();
    for machine in machines.iter().filter(|machine| is_deleting(machine)) {
        if let Err(error) = finish(shared, &machine.arn()) {
            tracing::error!(%error, machine = machine.name, "cannot delete a state machine");
        }
    }
}

/// Stops the executions of a machine that is being deleted, and takes it away with the last of them: at once, where none
/// runs.
pub(super) fn finish(shared: &Arc<Shared>, arn: &str) -> io::Result<()> {
    let running = running(shared, arn);
    if running.is_empty() {
        return remove(shared, arn);
    }
    let (shared, arn) = (Arc::clone(shared), arn.to_owned());
    tokio::spawn(async move {
        for entry in running {
            // One that has ended in the meantime does not listen any more.
            let _ = entry.inbox.send(Event::Stopped {
                error: None,
                cause: None,
            });
            entry.wait().await;
        }
        if let Err(error) = remove(&shared, &arn) {
            tracing::error!(%error, %arn, "cannot delete a state machine");
        }
    });
    Ok(())
}

fn running(shared: &Shared, arn: &str) -> Vec<Arc<Entry>> {
    let descriptions = shared.store.descriptions().into_iter();
    descriptions
        .filter(|description| description.state_machine_arn == arn && description.is_running())
        .filter_map(|description| shared.store.find(&description.execution_arn))
        .collect()
}

fn remove(shared: &Shared, arn: &str) -> io::Result<()> {
    shared.machines.change(arn, |slot| {
        slot.take_if(|machine| is_deleting(machine));
        Ok(())
    })
}

fn is_deleting(machine: &Machine) -> bool {
    machine.status == Status::Deleting
}
