// Package telemetry tells people what the engine did: the traffic log, the
// counters of drops and the one-line status. It is fed by session.Events through
// rings that never hold up a packet: where a ring is full the event is lost, and
// counted.
//
// # The traffic log
//
// One line for an event, in FortiOS's native form: fields in a fixed order,
// separated by one space, numbers and addresses bare, text in double quotes.
// Within quotes, a quote, a backslash and whatever does not print are escaped
// with a backslash as in Go, so that no name can end a line or forge a field.
//
// These events become lines, each only where the engine set LogIt:
//
//	session.EventEnd    logid="0000000013"  a session ended
//	session.EventStart  logid="0000000015"  a session began (logtraffic-start)
//	session.EventDeny   logid="0000000013"  a packet that would have opened one was denied
//	                    logid="0001000014"  ... by the firewall's own address (reason local-in)
//	session.EventAstray logid="0000000013"  a packet was routed without a session (asymroute)
//
// and these as events of subtype "system":
//
//	session.EventClash     logid="0100020085"  a session took the tuple of another, which ended
//	session.EventExhausted logid="0100020007"  a session found nothing left to be translated to
//	                       logid="0100022013"  ... in a pool of port blocks
//	session.EventBlock     logid="0100022015"  a client was given a block of ports
//	session.EventBlockHeld logid="0100022024"  it has it still (pba-interim-log)
//	session.EventBlockEnd  logid="0100022016"  it gave the block back
//
// and as those of subtype "helper", an extension. The first is for sessions whose policy
// logs them (logtraffic all) unless log setting helper-detach is off; the others are
// there with log setting helper-expectation, whatever the policy says:
//
//	session.EventHelperDetach   logid="0119000001"  a helper let go of its session
//	session.EventExpect         logid="0119000002"  a helper announced a flow
//	session.EventExpectUsed     logid="0119000003"  the flow began: a session let in by it
//	session.EventExpectEnd      logid="0119000004"  it is expected no more, though nobody used it, or any number could
//	session.EventExpectRefused  logid="0119000005"  what was announced was not opened
//
// # Events
//
// They begin as the traffic log does, with date to tz, and go on with logid, type
// "event", subtype "system" or "helper", level, vd and logdesc; these words and the ids are
// FortiOS's. Then:
//
//	EventClash      status, proto, msg, and both sessions (new_status, old_status)
//	EventExhausted  status, srcip, srcport, dstip, dstport, proto and msg; the
//	                destination is the translated one. Of port blocks msg and saddr,
//	                the client. Extensions, at the end: poolname, left out where it
//	                is no pool's address, and policyid. Of each pool at most every
//	                ten seconds
//	EventBlock...   msg, nat (the address), saddr (the client), poolname, portbegin
//	                and portend; but for the first of them duration, in seconds since
//	                the client has the block
//
//	EventHelperDetach  helper, reason (why it let go), srcip, srcport, dstip,
//	                dstport, proto, sessionid, policyid and msg
//	EventExpect...  helper; reason of an end (session.ExpectEnd) and of a refusal
//	                (session.Refusal); the flow as its first packet arrives, srcip
//	                and srcport left out where they may be any; callid of a call of
//	                PPTP; proto; tranip and tranport, where it leads if that is
//	                another endpoint; sessionid of the session that used it;
//	                mastersession, policyid; duration of one that ended, in seconds
//	                since it was made; and msg
//
// Only for "NAT port is exhausted." and "session clash" msg is FortiOS's own. Its
// field action is left out.
//
// # Traffic
//
// The fields of the others, in order:
//
//	date time       local wall time, to the second
//	devname         the host name
//	eventtime       the same moment in nanoseconds since 1970
//	tz              the zone of date and time, "+0200"
//	logid           see above
//	type            "traffic"
//	subtype         "forward", or "local" for a denied packet to the firewall itself
//	level           "notice"
//	vd              "root"
//	srcip srcport   who opened the session; no port for a protocol without, nor for ICMP
//	srcintf         the interface it came in by
//	srcintfrole     "undefined": interfaces have no role here
//	dstip dstport   whom it asked for, before any translation; no port as above
//	dstintf         the interface it left by; "unknown" where it came to no route,
//	                "root" for the firewall itself
//	dstintfrole     "undefined"
//	sessionid       the session's number, decimal
//	proto           IP protocol number
//	action          see below
//	policyid        0 is the implicit deny, or no policy at all (asymroute)
//	policytype      "policy", or "local-in-policy"
//	policyname      left out where the policy has none
//	service         the name of the matched service, else "tcp/47225", "udp/69",
//	                "icmp/8/0" (type and code), "proto/47"; both by the port that
//	                the session leaves for, behind a virtual IP the mapped one
//	trandisp        "noop", "snat", "dnat" or "snat+dnat"
//	transip         the translated source; with transport, its port, as for srcport
//	tranip          the translated destination; with tranport, its port
//	duration        seconds
//	sentbyte        IP bytes from the opener
//	rcvdbyte        IP bytes to the opener
//	sentpkt rcvdpkt the same in packets
//	reason          extension, denied packets only: the name of the packet.Reason
//	msg             a sentence about a denied packet, or about an end that its action
//	                does not tell: cleared by the operator, gave way to a new session
//	                in a full table, session clash; or that a packet had no session
//	helper          extension: the helper that reads the session, or that announced it
//	mastersession   extension, only a session that a helper announced: the number of
//	                its control session
//
// The actions: "start" for a start; "deny"; and for an end "close" (TCP ended in
// order), "client-rst", "server-rst", "timeout" (TCP went idle), "ip-conn" (the
// other side never answered) or "accept" (a flow without an end of its own went
// idle, or the firewall itself stopped). What was routed without a session is
// "accept", too.
//
// FortiOS's devid, country, reputation and application fields are left out: they
// would say nothing true.
package telemetry
