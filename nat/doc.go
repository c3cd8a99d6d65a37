// Package nat decides how a new session is translated: where it goes to, by the
// virtual IP that takes it (Destinations), and what it comes from (Sources say how,
// Space gives the address and the port). It states the outcome as the two keys of
// the session, from which the engine computes its rewrites.
//
// Destinations: where a first packet really goes follows from the configuration
// alone. Nothing is allocated, and what is asked twice is answered alike, so that
// a session can be judged again by its own keys. Two searches, by address and by
// port, find the virtual IPs that a flow may be for, however many there are. Each
// has the number that config.Config.VIPNumbers gives it, which is how policies know
// it too.
//
// Sources: a port is free for a session if the tuple its replies will carry is
// unused; that the engine's session table knows. So one port serves many sessions
// at once, as long as they lead to different destinations, unless it must be one
// client's alone: under permit-any-host and in a block of ports. Which ports of an
// address nobody has a Space knows besides, so that one is found at once however
// few are left. As on a FortiGate, ports come from 5117 to 65533 where no pool says
// otherwise, and a session keeps its original port where that lies in the range and
// is free. The identifier of an ICMP query is treated as a port of its own range.
//
// The work for one decision is bounded, also where nothing is left. What a session
// occupies it holds (Hold) until it ends, also across a restart (Space.Adopt).
//
// The package reads no clock and no global random source.
package nat
