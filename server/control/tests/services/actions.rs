use contract::operation::{OperationKind, OperationState};
use contract::replica::NewReplica;
use contract::state::Verdict;
use contract::{Action, ApiError, Console, ServiceChange, State};
use control::testing::{Effect, Fault, Method, as_a_copy, as_a_replica};
use sqlx::PgPool;

use crate::world::{World, name, refusal};

const ACTIONS: [Action; 11] = [
    Action::Update,
    Action::Start,
    Action::Stop,
    Action::Restart,
    Action::Retry,
    Action::Delete,
    Action::TestConnection,
    Action::RotatePassword,
    Action::PromoteExternal,
    Action::CreateReplica,
    Action::PromoteReplica,
];

async fn act(world: &World, id: uuid::Uuid, action: Action) -> Result<(), ApiError> {
    let (control, who, name) = (&world.on.control, &world.on.owner, id.to_string());
    match action {
        Action::Update => {
            let change = ServiceChange { label: "New".into(), ..Default::default() };
            control.update_service(who, &name, change).await.map(drop)
        }
        Action::Start => world.ask(id, "start").await.map(drop),
        Action::Stop => world.ask(id, "stop").await.map(drop),
        Action::Restart => world.ask(id, "restart").await.map(drop),
        Action::Retry => control.retry_service(who, &name).await.map(drop),
        Action::Delete => control.delete_service(who, &name).await,
        Action::TestConnection => control.test_connection(who, &name).await.map(drop),
        Action::RotatePassword => control.rotate_password(who, &name).await.map(drop),
        Action::MountApp | Action::UnmountApp => panic!("{name} is no volume"),
        Action::PromoteExternal => {
            as_a_copy(control, id).await;
            let answer = control.promote_external(who, &name).await.map(drop);
            world.on.run("update services set creation_mode = 'fresh' where id = $1", id).await;
            answer
        }
        Action::CreateReplica => {
            let over = "update operations set state = 'succeeded', finished_at = now() where service_id = $1";
            world.on.run(over, id).await;
            let answer = control.create_replica(who, &name, NewReplica::default()).await.map(drop);
            let replicas = "delete from services where id in (select service_id from replicas where primary_id = $1)";
            world.on.run(replicas, id).await;
            answer
        }
        Action::PromoteReplica => {
            as_a_replica(control, id).await;
            let answer = control.promote_replica(who, &name).await.map(drop);
            world.on.run("delete from replicas where service_id = $1", id).await;
            answer
        }
    }
}

#[sqlx::test]
async fn the_api_keeps_the_table_of_states_and_actions(pool: PgPool) {
    let world = World::idle(pool).await;
    let id = world.create(world.wanted()).await.uuid;
    for state in State::ALL {
        for action in ACTIONS {
            let set =
                "update services set state = $2, power = case $2 when 'stopped' then 'stopped' else 'running' end,
                       deleting = $2 = 'deleting' where id = $1";
            sqlx::query(set).bind(id).bind(state.as_str()).execute(&world.on.pool).await.unwrap();
            let wishes = "select (select count(*) from operations) + (select count(*) from audit)";
            let before = world.on.count(wishes).await;
            let answer = act(&world, id, action).await;
            let wished = world.on.count(wishes).await > before;
            match state.allows(action) {
                Verdict::Allowed => {
                    answer.unwrap_or_else(|error| panic!("{state} {action:?}: {error}"));
                    assert_eq!(wished, action != Action::TestConnection, "{state} {action:?}");
                }
                Verdict::Already(_) => {
                    answer.unwrap_or_else(|error| panic!("{state} {action:?}: {error}"));
                    assert!(!wished, "{state} {action:?}");
                }
                Verdict::Refused(why) => {
                    assert_eq!(refusal(answer), (422, format!("State doesn't allow it: {why}")), "{action:?}");
                    assert!(!wished, "{state} {action:?}");
                }
            }
        }
    }
}

#[sqlx::test]
async fn stop_start_and_restart_do_what_they_say(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    let (id, name) = (service.uuid, name(&service));
    let titles = async |kind: OperationKind| {
        let operation = world.operation(&world.get(id).await).await;
        assert_eq!((operation.summary.kind, operation.summary.state), (kind, OperationState::Succeeded));
        operation.steps.into_iter().map(|s| s.title).collect::<Vec<_>>()
    };
    let mut effects = vec![Effect::Made, Effect::Started, Effect::Configured];
    assert_eq!(world.ask(id, "stop").await.unwrap().state, State::Processing);
    world.settled(id, State::Stopped).await;
    effects.push(Effect::Stopped);
    assert_eq!(world.runtime.effects(&name), effects);
    assert_eq!(titles(OperationKind::Stop).await, ["Stopped the server"]);
    assert_eq!(world.ask(id, "start").await.unwrap().state, State::Processing);
    world.settled(id, State::Healthy).await;
    effects.push(Effect::Started);
    assert_eq!(world.runtime.effects(&name), effects);
    assert_eq!(titles(OperationKind::Start).await, ["Started the server", "Signed in"]);
    assert_eq!(world.ask(id, "restart").await.unwrap().state, State::Processing);
    world.settled(id, State::Healthy).await;
    effects.extend([Effect::Stopped, Effect::Started]);
    assert_eq!(world.runtime.effects(&name), effects);
    assert_eq!(titles(OperationKind::Restart).await, ["Stopped the server", "Started the server", "Signed in"]);
    let trail = ["create", "stop", "start", "restart"].map(|action| format!("service.{action} {name}"));
    assert_eq!(world.on.audited().await[1..], trail);
}

#[sqlx::test]
async fn a_stop_wished_during_a_create_ends_stopped(pool: PgPool) {
    let world = World::new(pool).await;
    for call in 1..=5 {
        world.runtime.on(Method::Ensure, world.runtime.count(Method::Ensure) + call, Fault::PauseAfter);
        let service = world.create(contract::NewService { ram_size: 64.0.into(), ..world.wanted() }).await;
        world.runtime.paused(1).await;
        world.ask(service.uuid, "stop").await.unwrap();
        world.runtime.release();
        let stopped = world.settled(service.uuid, State::Stopped).await;
        assert_eq!(stopped.operation.as_ref().unwrap().kind, OperationKind::Stop, "call {call}");
        let kinds = sqlx::query_scalar::<_, String>(
            "select kind || ' ' || state from operations where service_id = $1 order by id",
        );
        let kinds = kinds.bind(service.uuid).fetch_all(&world.on.pool).await.unwrap();
        assert_eq!(kinds, ["create superseded", "stop succeeded"], "call {call}");
        world.ask(service.uuid, "start").await.unwrap();
        world.settled(service.uuid, State::Healthy).await;
        world.delete(service.uuid).await;
        world.gone(service.uuid).await;
    }
}

#[sqlx::test]
async fn the_last_of_many_wishes_wins(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    for (wishes, state) in [
        (["stop", "start", "stop"], State::Stopped),
        (["start", "stop", "start"], State::Healthy),
        (["restart", "restart", "stop"], State::Stopped),
    ] {
        for wish in wishes {
            // a wish that the moment's state refuses is refused, and the others stand
            let _ = world.ask(service.uuid, wish).await;
        }
        world.settled(service.uuid, state).await;
    }
    let open = "select count(*) from operations where finished_at is null";
    assert_eq!(world.on.count(open).await, 0);
    assert_eq!(world.on.count("select count(*) from operation_steps where state = 'running'").await, 0);
}

#[sqlx::test]
async fn a_restart_is_asked_twice_and_done_once(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.healthy(world.wanted()).await;
    world.runtime.next(Method::Restart, Fault::lost_answer());
    world.ask(service.uuid, "restart").await.unwrap();
    world.wait("a repeat", async || (world.runtime.count(Method::Restart) == 2).then_some(())).await;
    world.settled(service.uuid, State::Healthy).await;
    let restarted = [Effect::Stopped, Effect::Started];
    assert_eq!(world.runtime.effects(&name(&service))[3..], restarted);
    assert_eq!(world.on.count("select count(*) from signals").await, 0);
}

#[sqlx::test]
async fn a_wish_that_comes_while_the_last_step_ends_is_still_carried_out(pool: PgPool) {
    let world = World::new(pool).await;
    let service = world.create(world.with_variables()).await;
    world.settled(service.uuid, State::Healthy).await;
    world.runtime.next(Method::SignIn, Fault::PauseAfter);
    world.ask(service.uuid, "restart").await.unwrap();
    world.runtime.paused(1).await;
    world.runtime.next(Method::Restart, Fault::PauseBefore);
    // the last step's write is held up until the wish is there, or waits for it
    let mut holder = world.on.pool.begin().await.unwrap();
    sqlx::query("lock table vars in share mode").execute(&mut *holder).await.unwrap();
    world.runtime.release();
    world.until(service.uuid, State::Healthy).await;
    world.step_waits_for_a_lock().await;
    let (asked, ()) = tokio::join!(world.ask(service.uuid, "restart"), async {
        let wished = "select (select count(*) from signals) + (select count(*) from pg_locks l
                      join pg_stat_activity a using (pid)
                      where not l.granted and a.datname = current_database() and l.locktype <> 'relation')";
        world.wait("a wish", async || (world.on.count(wished).await > 0).then_some(())).await;
        holder.commit().await.unwrap();
    });
    let restart = asked.unwrap().operation.unwrap().uuid;
    world.runtime.paused(1).await;
    let state = async || {
        let operation = world.on.control.get_operation(&world.on.owner, restart).await.unwrap();
        operation.summary.state
    };
    assert_eq!(state().await, OperationState::Running, "nothing has been done for it yet");
    world.runtime.release();
    world.settled(service.uuid, State::Healthy).await;
    assert_eq!(state().await, OperationState::Succeeded);
}
