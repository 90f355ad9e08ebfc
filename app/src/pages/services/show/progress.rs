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
            OperationState::Running | OperationState::Queued | OperationState::Superseded => StepState::Todo,
        },
        name: step.title.clone(),
        note: step.detail.clone(),
        took: step.took_ms.map(words::took),
    }
}

/// What was done last or is being done: its steps, how long each took, and how long the whole usually takes.
#[component]
pub fn Progress(operation: Memo<Option<Operation>>) -> impl IntoView {
    let there = Memo::new(move |_| operation.with(Option::is_some));
    let title = Signal::derive(move || {
        operation.with(|operation| operation.as_ref().map(words::operation).unwrap_or_default())
    });
    let usual = move || {
        operation.with(|operation| operation.as_ref().and_then(|operation| operation.usual_ms).map(words::usually))
    };
    let steps = Signal::derive(move || {
        operation.with(|operation| {
            let Some(operation) = operation else { return Vec::new() };
            let under_way = matches!(operation.summary.state, OperationState::Queued | OperationState::Running);
            operation.steps.iter().map(|at| step(at, under_way)).collect()
        })
    });
    view! {
        <Show when=move || there.get()>
            <Card>
                <CardHead title>{usual}</CardHead>
                <CardBody>
                    <div aria-live="polite">
                        <Timeline steps />
                    </div>
                </CardBody>
            </Card>
        </Show>
    }
}
