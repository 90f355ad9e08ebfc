//! From a row about somebody to a [`Caller`] in one workspace.

use contract::Caller;
use contract::error::Noun;
use uuid::Uuid;

use crate::error::Error;

/// The workspace that a request names, by uuid or slug; neither = the caller's oldest.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) id: Option<Uuid>,
    pub(super) slug: Option<String>,
}

impl Wanted {
    /// Longer is no slug of ours.
    const SLUG_MAX: usize = 64;
    const UUID_LENGTH: usize = 36;

    pub(super) fn parse(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::default() };
        if let (Self::UUID_LENGTH, Ok(id)) = (text.len(), text.parse()) {
            return Self { id: Some(id), slug: None };
        }
        // What can't be a slug names no workspace; the store would choke on a NUL.
        let plain = text.len() <= Self::SLUG_MAX && text.bytes().all(|b| b.is_ascii_graphic());
        Self { id: None, slug: Some(if plain { text.to_owned() } else { String::new() }) }
    }
}

/// Whoever a session or a token belongs to, with his membership in the wanted workspace where he has one.
pub(super) struct Found {
    /// The session or token.
    pub(super) proof: Uuid,
    /// Its time of last use is to be written again.
    pub(super) stale: bool,
    pub(super) user_id: Uuid,
    pub(super) email: String,
    pub(super) workspace_id: Option<Uuid>,
    pub(super) slug: Option<String>,
    pub(super) name: Option<String>,
    pub(super) role: Option<String>,
}

impl Found {
    /// # Errors
    /// 404 `Workspace not found` where he is no member.
    pub(super) fn caller(self, request_id: &str) -> Result<Caller, Error> {
        let (Some(workspace_id), Some(slug), Some(name), Some(role)) =
            (self.workspace_id, self.slug, self.name, self.role)
        else {
            return Err(Error::not_found(Noun::Workspace));
        };
        Ok(Caller {
            user_id: self.user_id,
            email: self.email,
            workspace_id,
            workspace_slug: slug,
            workspace_name: name,
            role: role.parse().map_err(|_| Error::Unexpected("memberships.role"))?,
            proof: self.proof,
            request_id: request_id.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_named_by_uuid_or_slug() {
        let id = Uuid::now_v7();
        assert_eq!(Wanted::parse(Some(&id.to_string())).id, Some(id));
        assert_eq!(Wanted::parse(Some("main")).slug.as_deref(), Some("main"));
        assert!(Wanted::parse(None).slug.is_none());
        for odd in ["", "a\0b", "a b", &"x".repeat(65)] {
            assert_eq!(Wanted::parse(Some(odd)).slug.as_deref(), Some(""), "{odd:?}");
        }
    }
}
