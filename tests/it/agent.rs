//! The agent: requests in, certificates out, nothing lost.

mod clock; // A clock that jumps, fails and keeps changing
mod disk; // Full disks
mod faults; // Failing stores, queues and sites, repeated and malformed requests, webhooks
mod http_api; // The HTTP API: authorization, responses, requests that survive a kill
mod http_clients; // Clients that are slow, never read, or open too many connections
mod killed; // Agents that are killed, stopped under load, or share a queue
mod logs; // Log destinations, personal data in logs
mod mixed; // Thousands of mixed requests, a tenth of them hostile
mod monitoring; // Alerts and the dashboard, read by Prometheus
mod namespaces; // Two agents in two network namespaces, one cut off and back
mod one_award; // Many requests for one certificate stall no other
pub(crate) mod producer; // The producer of Open edX's event bus, up to a verified certificate
mod program; // Events, settings, logs and exit codes of the program
mod queued; // Recipients files on the queue, requests that are put back on it
mod repeats; // Requests that come again after they were answered
pub(crate) mod setup; // Shared setup: agent processes, a Redis, a queue in memory, an HTTP client
mod timestamps; // A TSA that is unreachable for a while
mod tls; // Redis and XQueue over TLS: trusted and untrusted servers
mod unit; // The systemd unit: its steps, its user, its signals
