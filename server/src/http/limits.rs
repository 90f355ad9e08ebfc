//! How often somebody may try to sign in, by account and by address.
//!
//! Guessing at one account from everywhere uses up that account's attempts. Its owner still gets in: an address from
//! which the account was signed in to before has attempts of its own, which strangers can't use up.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::ApiError;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Attempts at one account: ten at once, then one every 30 s.
const ACCOUNT: (u32, Duration) = (10, Duration::from_secs(30));
/// Attempts from one address, at whatever account: an office shares one.
const ADDRESS: (u32, Duration) = (50, Duration::from_secs(3));
/// How long an address counts as one of the owner's.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);
/// Bounds the memory that strangers can fill; beyond it, what is old or idle goes.
const MOST_KEYS: usize = 50_000;

/// Keys are hashed with this process's own random key: of one size, whatever was typed.
type Key = u64;

/// Counts attempts to sign in. In memory: a restart forgets, and nothing is slower for it.
#[derive(Debug)]
pub struct SignInLimiter {
    accounts: DefaultKeyedRateLimiter<Key>,
    addresses: DefaultKeyedRateLimiter<Key>,
    owners: Mutex<HashMap<Key, Instant>>,
    hasher: RandomState,
}

impl Default for SignInLimiter {
    fn default() -> Self {
        Self {
            accounts: RateLimiter::keyed(quota(ACCOUNT)),
            addresses: RateLimiter::keyed(quota(ADDRESS)),
            owners: Mutex::default(),
            hasher: RandomState::new(),
        }
    }
}

fn quota((burst, every): (u32, Duration)) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    Quota::with_period(every).unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN)).allow_burst(burst)
}

impl SignInLimiter {
    /// Counts one attempt, before the password is looked at. The refusal says when to come back, and is the same
    /// whether the account exists or not.
    pub fn attempt(&self, account: &str, from: IpAddr) -> Result<(), ApiError> {
        let (account, address) = (account.trim().to_lowercase(), network(from));
        self.spend(&self.addresses, self.key(&address))?;
        let pair = self.key(&(&account, &address));
        let known = self.owners().get(&pair).is_some_and(|since| since.elapsed() < REMEMBERED);
        self.spend(&self.accounts, if known { pair } else { self.key(&account) })
    }

    /// Remembers that the account's owner signs in from this address.
    pub fn succeeded(&self, account: &str, from: IpAddr) {
        let pair = self.key(&(&account.trim().to_lowercase(), &network(from)));
        let mut owners = self.owners();
        if owners.len() >= MOST_KEYS {
            owners.retain(|_, since| since.elapsed() < REMEMBERED / 30);
        }
        if owners.len() < MOST_KEYS {
            owners.insert(pair, Instant::now());
        }
    }

    fn spend(&self, limiter: &DefaultKeyedRateLimiter<Key>, key: Key) -> Result<(), ApiError> {
        if limiter.len() >= MOST_KEYS {
            limiter.retain_recent();
        }
        limiter.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            ApiError::TooMany(wait.as_secs() + 1)
        })
    }

    fn key(&self, of: &impl Hash) -> Key {
        self.hasher.hash_one(of)
    }

    fn owners(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Instant>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever has one IPv6 address has its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_account_has_ten_attempts_however_it_is_written() {
        let limiter = SignInLimiter::default();
        for n in 0..10 {
            let address = IpAddr::from([10, 0, 0, n]);
            limiter.attempt(if n % 2 == 0 { "ann@example.com" } else { " Ann@Example.COM" }, address).unwrap();
        }
        let refused = limiter.attempt("ann@example.com", ip("10.0.0.99")).unwrap_err();
        assert!(matches!(refused, ApiError::TooMany(1..=31)), "{refused:?}");
        limiter.attempt("bob@example.com", ip("10.0.0.99")).unwrap();
    }

    #[test]
    fn the_owner_gets_in_while_others_guess() {
        let limiter = SignInLimiter::default();
        limiter.attempt("ann@example.com", ip("192.0.2.1")).unwrap();
        limiter.succeeded("ann@example.com", ip("192.0.2.1"));
        while limiter.attempt("ann@example.com", ip("198.51.100.1")).is_ok() {}
        limiter.attempt("ann@example.com", ip("192.0.2.1")).unwrap();
    }

    #[test]
    fn an_address_has_fifty_attempts_over_all_accounts() {
        let limiter = SignInLimiter::default();
        let tried = (0..200).take_while(|n| limiter.attempt(&format!("user{n}"), ip("192.0.2.1")).is_ok()).count();
        assert!((50..=51).contains(&tried), "{tried}");
    }

    #[test]
    fn a_v6_network_counts_as_one_address() {
        assert_eq!(network(ip("2001:db8::1")), network(ip("2001:db8::ffff:1")));
        assert_ne!(network(ip("2001:db8::1")), network(ip("2001:db8:0:1::1")));
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
