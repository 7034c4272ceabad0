//! The agent: requests in, certificates out, nothing lost.

mod again; // What comes again after it was done
pub(crate) mod bench; // What they share: programs at work, a Redis, a queue in memory, an HTTP client
mod clock; // A clock that jumps, fails, and never comes to rest
mod disk; // Disks that are full
mod door; // HTTP: who is let in, what is answered, what survives
mod faults; // Everything that can go wrong, and what must not come of it
mod killed; // Killed at any moment, stopped under load, two at once
mod logs; // Where the log goes, what it never tells, and a syslog that goes away
pub(crate) mod producer; // The real producer of Open edX's event bus, through the program
mod program; // From an event to a certificate; settings, logs, the end
mod stamps; // A time-stamp authority that is away for a while
mod tls; // Over TLS: who is believed and who is not
