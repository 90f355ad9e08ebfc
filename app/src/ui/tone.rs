//! The five hues that a state can have. Whoever knows the state maps it here, in one exhaustive match.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    Ok,
    Busy,
    Warn,
    Bad,
    #[default]
    Idle,
}

impl Tone {
    /// A pill's ground and ink.
    pub fn pill(self) -> &'static str {
        match self {
            Self::Ok => "bg-ok-soft text-ok",
            Self::Busy => "bg-busy-soft text-busy",
            Self::Warn => "bg-warn-soft text-warn",
            Self::Bad => "bg-bad-soft text-bad",
            Self::Idle => "bg-idle-soft text-idle",
        }
    }

    pub fn ink(self) -> &'static str {
        match self {
            Self::Ok => "text-ok",
            Self::Busy => "text-busy",
            Self::Warn => "text-warn",
            Self::Bad => "text-bad",
            Self::Idle => "text-idle",
        }
    }

    pub fn fill(self) -> &'static str {
        match self {
            Self::Ok => "fill-ok",
            Self::Busy => "fill-busy",
            Self::Warn => "fill-warn",
            Self::Bad => "fill-bad",
            Self::Idle => "fill-idle",
        }
    }
}
