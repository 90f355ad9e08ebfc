use contract::operation::{Operation, OperationState, OperationStep};
use leptos::prelude::*;

use crate::{
    components::words,
    ui::{Card, CardBody, CardHead, Step, StepState, Timeline},
};

fn step(step: &OperationStep, under_way: bool) -> Step {
    Step {
        state: match step.state {
            OperationState::Succeeded => StepState::Done,
            OperationState::Failed => StepState::Failed,
            OperationState::Running if under_way => StepState::Now,
            OperationState::Queued if under_way => StepState::Todo,
            OperationState::Running | OperationState::Queued | OperationState::Superseded => StepState::NotReached,
        },
        name: step.title.clone(),
        note: step.detail.clone(),
        took: step.took_ms.map(words::took),
    }
}

/// The steps of an operation as a timeline shows them.
pub fn steps(operation: &Operation) -> Vec<Step> {
    let under_way = matches!(operation.summary.state, OperationState::Queued | OperationState::Running);
    operation.steps.iter().map(|at| step(at, under_way)).collect()
}

/// What was done last or is being done: its steps, how long each took, and how long the whole usually takes.
#[component]
pub fn Progress(operation: Operation) -> impl IntoView {
    let steps = steps(&operation);
    view! {
        <Card>
            <CardHead title=words::operation(&operation)>{operation.usual_ms.map(words::usually)}</CardHead>
            <CardBody>
                <div aria-live="polite">
                    <Timeline steps />
                </div>
            </CardBody>
        </Card>
    }
}
