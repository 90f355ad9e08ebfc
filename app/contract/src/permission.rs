//! Permissions and the built-in roles.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! permissions {
    ($($name:ident = $text:literal,)+) => {
        /// One thing that a caller may be allowed to do, written `noun:verb`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $($name,)+ }

        impl Permission {
            pub const ALL: &'static [Permission] = &[$(Self::$name,)+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }

        impl FromStr for Permission {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text { $($text => Ok(Self::$name),)+ _ => Err(format!("no permission is called {text}")) }
            }
        }
    };
}

permissions! {
    ServicesView = "services:view",
    ServicesOperate = "services:operate",
    ServicesManage = "services:manage",
    ServicesReveal = "services:reveal",
    ProjectsView = "projects:view",
    ProjectsOperate = "projects:operate",
    ProjectsManage = "projects:manage",
    ResourcesView = "resources:view",
    ResourcesOperate = "resources:operate",
    ResourcesManage = "resources:manage",
    WorkspaceGeneral = "workspace:general",
    WorkspaceSecurity = "workspace:security",
    WorkspaceMembers = "workspace:members",
    WorkspaceRoles = "workspace:roles",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Permission {
    /// manage implies operate implies view; services:operate implies reveal.
    pub fn implies(self, other: Permission) -> bool {
        use Permission::*;
        self == other
            || matches!(
                (self, other),
                (ServicesManage, ServicesOperate | ServicesReveal | ServicesView)
                    | (ServicesOperate, ServicesReveal | ServicesView)
                    | (ProjectsManage, ProjectsOperate | ProjectsView)
                    | (ProjectsOperate, ProjectsView)
                    | (ResourcesManage, ResourcesOperate | ResourcesView)
                    | (ResourcesOperate, ResourcesView)
            )
    }
}

/// What a member of a workspace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    Owner,
    Admin,
    Member,
    Support,
    Viewer,
}

impl Role {
    pub const ALL: &'static [Role] = &[Self::Owner, Self::Admin, Self::Member, Self::Support, Self::Viewer];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Support => "support",
            Self::Viewer => "viewer",
        }
    }

    /// What the role is given; the rest follows by [`Permission::implies`].
    fn granted(self) -> &'static [Permission] {
        use Permission::*;
        match self {
            Self::Owner | Self::Admin => Permission::ALL,
            Self::Member => &[ServicesManage, ProjectsOperate, ResourcesView],
            Self::Support => &[ServicesView, ServicesReveal, ProjectsView, ResourcesView],
            Self::Viewer => &[ServicesView, ProjectsView, ResourcesView],
        }
    }

    pub fn may(self, permission: Permission) -> bool {
        self.granted().iter().any(|given| given.implies(permission))
    }

    /// Everything that the role may do, implied permissions included.
    pub fn permissions(self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|p| self.may(*p)).collect()
    }

    /// True for a role that reads a secret only after it has said why.
    pub fn reveals_with_reason(self) -> bool {
        self == Self::Support
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("{text} is no role: owner, admin, member, support or viewer"))
    }
}

#[cfg(test)]
mod tests {
    use super::Permission::*;
    use super::*;

    #[test]
    fn manage_implies_operate_implies_view_and_reveal() {
        for wanted in [ServicesManage, ServicesOperate, ServicesReveal, ServicesView] {
            assert!(ServicesManage.implies(wanted));
        }
        assert!(ServicesOperate.implies(ServicesReveal));
        assert!(!ServicesView.implies(ServicesReveal));
        assert!(!ServicesReveal.implies(ServicesView));
        assert!(!ProjectsManage.implies(ServicesView));
    }

    #[test]
    fn roles_hold_what_the_contract_gives_them() {
        assert!(Permission::ALL.iter().all(|p| Role::Owner.may(*p)));
        assert_eq!(
            Role::Member.permissions(),
            [
                ServicesView,
                ServicesOperate,
                ServicesManage,
                ServicesReveal,
                ProjectsView,
                ProjectsOperate,
                ResourcesView
            ]
        );
        assert_eq!(Role::Support.permissions(), [ServicesView, ServicesReveal, ProjectsView, ResourcesView]);
        assert_eq!(Role::Viewer.permissions(), [ServicesView, ProjectsView, ResourcesView]);
    }

    #[test]
    fn permissions_and_roles_print_and_parse() {
        for p in Permission::ALL {
            assert_eq!(p.as_str().parse::<Permission>().as_ref(), Ok(p));
        }
        for r in Role::ALL {
            assert_eq!(r.as_str().parse::<Role>().as_ref(), Ok(r));
        }
    }
}
