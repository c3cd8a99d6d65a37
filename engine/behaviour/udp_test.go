package behaviour_test

// endpoint is the attribute that makes a mapping independent of who is spoken to.
// FortiOS has it in policies and in pools.
const endpoint = "permit-any-host"

var udp = document{
	number: 4787, title: "UDP", about: "Network Address Translation (NAT) Behavioral Requirements for Unicast UDP",
	requirements: []requirement{
		{id: "REQ-1", level: must, asks: "One internal address and port has one mapping, whoever it speaks to (endpoint-independent mapping).", options: []string{endpoint},
			note: "by default a port is kept where it is free towards that destination, so that most flows look like this, until two clients want the same port"},
		{id: "REQ-2", level: should, asks: "All mappings of one client lie on one address of a pool (paired)."},
		{id: "REQ-3", level: must, asks: "Two internal endpoints never share one external address and port (no port overloading).", options: []string{endpoint},
			note: "by default sessions of several clients share a port as long as they go to different destinations, which RFC 7857 section 3 allows; two to one destination never do"},
		{id: "REQ-3a", level: should, asks: "A source port below 1024 becomes one below 1024, others one above.", options: []string{"fixedport"},
			note: "others never become one below 1024; one below does not stay there, for translated ports come from 5117-65533, as FortiOS has it"},
		{id: "REQ-4", level: should, asks: "An even port becomes an even one, an odd one an odd one."},
		{id: "REQ-5", level: must, asks: "A mapping lives two minutes at least without a packet.", options: []string{"udp-idle-timer", "udp-oneway-timer", "timeout"},
			note: "three minutes; an `udp-oneway-timer` below 120 breaks it for what nobody answers"},
		{id: "REQ-5a", level: may, asks: "Shorter lives for well-known ports that need no more.", options: []string{"udp-idle-timer"}, choice: true,
			note: "in a service object"},
		{id: "REQ-5b", level: may, asks: "That time is configurable.", options: []string{"udp-idle-timer", "timeout", "session-ttl"}, choice: true},
		{id: "REQ-5c", level: should, asks: "It is five minutes or more by default.", options: []string{"udp-idle-timer", "timeout", "session-ttl"},
			note: "it is three, as FortiOS has it"},
		{id: "REQ-6", level: must, asks: "Packets from inside keep a mapping alive.", options: []string{"refresh-direction"}},
		{id: "REQ-6a", level: may, asks: "Packets from outside do, too.", options: []string{"refresh-direction"}},
		{id: "REQ-7", level: must, asks: "Where the outer address is learned, inner networks that conflict with it are avoided or worked with.",
			aside: "addresses of interfaces are configured, never learned"},
		{id: "REQ-8", level: should, asks: "Whoever inside has a mapping hears anybody (endpoint-independent filtering), or those addresses it has written to (address-dependent).", options: []string{endpoint},
			note: "by default only the very address and port that was written to may answer, which is stricter than either"},
		{id: "REQ-8a", level: may, asks: "Which of them is a choice.", options: []string{endpoint, "permit-stun-host"}, choice: true},
		{id: "REQ-9", level: must, asks: "Two hosts inside reach each other by their outer addresses (hairpinning).", options: []string{endpoint},
			note: "a session's port hears its own peer only, so that by default there is nothing to go to but a virtual IP"},
		{id: "REQ-9a", level: must, asks: "The one sees the outer address and port of the other then.", options: []string{endpoint, "ippool"},
			note: "a server behind a virtual IP sees the address of the interface between them by default, as on a FortiGate (`snat-hairpin-traffic`)"},
		{id: "REQ-10", level: should, asks: "Session helpers (ALGs) of UDP are off.", options: []string{"status", "session-helper", "helper"},
			note: "those of TFTP and SIP are on, as on a FortiGate: without them no transfer and no call passes a translation"},
		{id: "REQ-10a", level: should, asks: "Each of them can be turned on and off for itself.", options: []string{"status"}, choice: true},
		{id: "REQ-11", level: must, asks: "Mapping and filtering are the same at any time, whatever happens.", options: []string{endpoint},
			note: "filtering always is; by default two flows of one client keep their port or not as others have left it free"},
		{id: "REQ-12", level: must, asks: "No ICMP message ends a mapping."},
		{id: "REQ-12a", level: should, asks: "ICMP messages are not filtered by who sends them."},
		{id: "REQ-12b", level: should, asks: "Destination unreachable is translated."},
		{id: "REQ-13", level: must, asks: "Who sends with DF what is too large for the way out is told so."},
		{id: "REQ-13a", level: must, asks: "Without DF it is fragmented, and the fragments leave in order."},
		{id: "REQ-14", level: must, asks: "Fragments are taken in whatever order they arrive."},
		{id: "REQ-14a", level: must, asks: "A flood of fragments does not keep whole packets and fragments in order from passing."},
	},
}
