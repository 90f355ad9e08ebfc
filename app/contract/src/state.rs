//! The public states of a service and the one table of what may be done in each.

use serde::{Deserialize, Serialize};

use crate::spec::ServiceType;

/// What the backend reports now, in the contract's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum State {
    /// Accepted; nobody has begun.
    Pending,
    /// Begun; nothing exists at the backend yet.
    Processing,
    /// The backend is making it.
    Creating,
    /// A postgres service that answered a sign-in with the credentials that the API returns.
    Healthy,
    /// A shared_storage service whose volume is there.
    Bound,
    /// Stopped, because that was asked for.
    Stopped,
    /// Serving, but a standby is behind or down.
    Degraded,
    /// Refused; nothing more happens until somebody changes something or presses Retry.
    Failed,
    /// A deadline has passed or serving broke, and trying goes on.
    Failing,
    /// Its storage is gone.
    Lost,
    /// It starts and dies, again and again.
    Crashloopbackoff,
    /// On its way out.
    Deleting,
}

/// What can be asked of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Update,
    Start,
    Stop,
    Restart,
    Retry,
    Delete,
    TestConnection,
    RotatePassword,
    PromoteExternal,
    CreateReplica,
    PromoteReplica,
    MountApp,
    UnmountApp,
}

impl Action {
    /// Whether it can be asked of a service of this type at all.
    pub fn is_of(self, kind: ServiceType) -> bool {
        match self {
            Self::Update | Self::Retry | Self::Delete => true,
            Self::MountApp | Self::UnmountApp => kind == ServiceType::SharedStorage,
            Self::Start
            | Self::Stop
            | Self::Restart
            | Self::TestConnection
            | Self::RotatePassword
            | Self::PromoteExternal
            | Self::CreateReplica
            | Self::PromoteReplica => kind == ServiceType::Postgres,
        }
    }
}

/// What the table says of an action in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// It is so already: the button is disabled with these words, the API answers without doing anything.
    Already(&'static str),
    /// It can't be done in this state: the button is disabled with these words, the API answers 422.
    Refused(&'static str),
}

impl Verdict {
    /// Why a button for it is disabled; `None` where it isn't.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Allowed => None,
            Self::Already(why) | Self::Refused(why) => Some(why),
        }
    }
}

impl State {
    pub const ALL: &'static [State] = &[
        Self::Pending,
        Self::Processing,
        Self::Creating,
        Self::Healthy,
        Self::Bound,
        Self::Stopped,
        Self::Degraded,
        Self::Failed,
        Self::Failing,
        Self::Lost,
        Self::Crashloopbackoff,
        Self::Deleting,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Creating => "creating",
            Self::Healthy => "healthy",
            Self::Bound => "bound",
            Self::Stopped => "stopped",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Failing => "failing",
            Self::Lost => "lost",
            Self::Crashloopbackoff => "crashloopbackoff",
            Self::Deleting => "deleting",
        }
    }

    /// True while something is being done that ends by itself.
    pub fn is_moving(self) -> bool {
        matches!(self, Self::Pending | Self::Processing | Self::Creating | Self::Deleting)
    }

    /// True where somebody should look.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Degraded | Self::Failed | Self::Failing | Self::Lost | Self::Crashloopbackoff)
    }

    /// The one table that the API, the server functions and the buttons ask.
    ///
    /// A wish for later is taken while a service is being made (it queues), so little is refused.
    pub fn allows(self, action: Action) -> Verdict {
        use Verdict::{Allowed, Already, Refused};
        match (self, action) {
            (Self::Deleting, Action::Delete) => Already("It is being deleted already"),
            (_, Action::Delete) => Allowed,
            (Self::Deleting, _) => Refused("It is being deleted"),
            (Self::Stopped, Action::Stop) => Already("It is stopped already"),
            (Self::Healthy | Self::Bound | Self::Degraded, Action::Start) => Already("It is running already"),
            (Self::Pending | Self::Processing | Self::Creating, Action::Start) => Already("It is starting already"),
            (Self::Stopped, Action::Restart) => Refused("It is stopped; start it instead"),
            (Self::Pending | Self::Processing | Self::Creating, Action::Restart) => Refused("It isn't running yet"),
            (
                Self::Lost,
                Action::Start
                | Action::Stop
                | Action::Restart
                | Action::RotatePassword
                | Action::PromoteExternal
                | Action::CreateReplica
                | Action::PromoteReplica
                | Action::MountApp,
            ) => Refused("Its storage is gone"),
            (Self::Failed | Self::Failing | Self::Crashloopbackoff | Self::Lost, Action::Retry) => Allowed,
            (_, Action::Retry) => Refused("Nothing has failed"),
            (
                Self::Stopped,
                Action::TestConnection
                | Action::RotatePassword
                | Action::PromoteExternal
                | Action::CreateReplica
                | Action::PromoteReplica,
            ) => Refused("It is stopped; start it first"),
            (
                Self::Pending | Self::Processing | Self::Creating,
                Action::TestConnection
                | Action::RotatePassword
                | Action::PromoteExternal
                | Action::CreateReplica
                | Action::PromoteReplica,
            ) => Refused("It isn't running yet"),
            (Self::Failed, Action::PromoteExternal | Action::PromoteReplica) => Refused("It has failed; mend it first"),
            (Self::Failed | Self::Failing | Self::Crashloopbackoff, Action::CreateReplica) => {
                Refused("It doesn't serve; mend it first")
            }
            _ => Allowed,
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for State {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|s| s.as_str() == text).ok_or_else(|| format!("{text} is no state"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [Action; 13] = [
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
        Action::MountApp,
        Action::UnmountApp,
    ];

    /// `+` allowed, `=` so already, `-` refused; columns as in ACTIONS.
    #[test]
    fn the_whole_table() {
        let table = [
            (State::Pending, "+=+--+-----++"),
            (State::Processing, "+=+--+-----++"),
            (State::Creating, "+=+--+-----++"),
            (State::Healthy, "+=++-++++++++"),
            (State::Bound, "+=++-++++++++"),
            (State::Stopped, "++=--+-----++"),
            (State::Degraded, "+=++-++++++++"),
            (State::Failed, "++++++++---++"),
            (State::Failing, "+++++++++-+++"),
            (State::Lost, "+---+++-----+"),
            (State::Crashloopbackoff, "+++++++++-+++"),
            (State::Deleting, "-----=-------"),
        ];
        assert_eq!(table.len(), State::ALL.len());
        for (state, row) in table {
            let seen: String = ACTIONS
                .iter()
                .map(|a| match state.allows(*a) {
                    Verdict::Allowed => '+',
                    Verdict::Already(_) => '=',
                    Verdict::Refused(_) => '-',
                })
                .collect();
            assert_eq!(seen, row, "{state}");
        }
    }

    #[test]
    fn a_volume_has_nothing_that_runs_and_a_database_is_mounted_nowhere() {
        let of = |kind| ACTIONS.iter().map(|a| if a.is_of(kind) { '+' } else { '-' }).collect::<String>();
        assert_eq!(of(ServiceType::Postgres), "+++++++++++--");
        assert_eq!(of(ServiceType::SharedStorage), "+---++-----++");
    }

    #[test]
    fn states_print_and_parse() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse::<State>().as_ref(), Ok(state));
        }
    }
}
