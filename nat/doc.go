// Package nat decides how a new session is translated: where it goes to, by the
// virtual IP that takes it, and where it comes from. For the latter it chooses the
// port that a translated address is used with, and states the outcome as the two
// keys of the session, from which the engine computes its rewrites.
//
// A port is free for a session if the tuple its replies will carry is unused.
// So one port serves many sessions at once, as long as they lead to different
// destinations; what is in use is known to the engine's session table alone, and
// the allocator keeps no list of its own that could disagree with it.
//
// As on a FortiGate, ports come from 5117 to 65533, and a session keeps its
// original port where that lies in the range and is free. The identifier of an
// ICMP query is treated as a port of its own range.
//
// The work for one decision is bounded: a few random probes, then a run of
// neighbouring ports, then the packet dies of packet.ReasonNATExhausted. A
// sender that fills an address's ports can not make the box search them all for
// each further packet.
//
// Destinations are the virtual IPs. Where a first packet really goes follows from
// the configuration alone: nothing is allocated, and what is asked twice is
// answered alike, so that a session can be judged again by its own keys. Two
// searches, by address and by port, find the virtual IPs that a flow may be for,
// however many there are. Each has the number that config.Config.VIPNumbers gives
// it, which is how policies know it too.
//
// The package reads no clock and no global random source.
package nat
