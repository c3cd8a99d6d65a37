package packet

// Advice is what an operator may want to know of a reason beside its sentence.
// Attributes of the configuration and other reasons are in backquotes.
type Advice struct {
	Cause  string // where such packets usually come from
	Cure   string // what to do, or which setting changes it
	Answer string // what the sender is told; "": nothing
	Log    string // what decides whether the traffic log has a line; "": it has none
}

// Advice is what an operator may want to know of r.
func (r Reason) Advice() Advice {
	if r >= NumReasons {
		return Advice{}
	}
	return adviceTable[r]
}

// Stage is a part of a packet's trip, with the reasons that strike there: from
// First up to that of the next stage.
type Stage struct {
	Name  string
	About string
	First Reason
}

// Stages are all parts of the trip, in its order.
var Stages = [...]Stage{
	{"Reading", "The frame is taken apart. What dies here is damaged, made up, or of a protocol that no router forwards.", ReasonTruncated},
	{"Fragments", "Fragments wait for the rest of their packet, which then makes the trip whole.", ReasonFragmentTiny},
	{"Sanity", "Addresses and flags that no packet may have, or that do not cross a router.", ReasonNotForUs},
	{"Session", "The packet is held against the session it belongs to, or finds none.", ReasonNoSession},
	{"Route", "The way there, and the way back.", ReasonNoRoute},
	{"Policy", "Nobody allowed it.", ReasonPolicyDeny},
	{"Translation", "A session's source address and port are chosen once, when it begins.", ReasonNATExhausted},
	{"Session helper", "A helper reads the packet. What dies here is sent again by TCP, so that a few of these are no harm.", ReasonHelperGap},
	{"Way out", "The packet may pass, but can not.", ReasonTooBig},
}

// End is the first reason behind the i-th stage.
func End(i int) Reason {
	if i+1 < len(Stages) {
		return Stages[i+1].First
	}
	return NumReasons
}

const (
	hostile  = "Damage on the link, or somebody who tries what happens."
	harmless = "Nothing."
	// deniedLog is for packets that a policy accepts, but that get no session.
	deniedLog = "`logtraffic` of the policy, unless disable: action `deny`, and the policy's number."
	// deniedAnswer is for packets that a policy was asked about.
	deniedAnswer = "With `send-deny-packet` of the policy a TCP reset, for other protocols, and with `deny-tcp-with-icmp`, ICMP administratively prohibited; else nothing."
)

var adviceTable = [...]Advice{
	ReasonTruncated: {
		Cause: "Damage on the link; a device in front that cuts frames; a frame that is longer than a slot of the receive ring.",
		Cure:  "Look at the error counters of the device (`ip -s link`) and of what it is connected to.",
	},
	ReasonBadVLAN: {
		Cause: "The port is connected to a trunk. A tag with identifier 0, which is only a priority, is taken off and does no harm.",
		Cure:  "Have the switch send the port's VLAN without a tag: there are no VLAN interfaces yet.",
	},
	ReasonEtherType:     {Cause: "Neighbours that speak LLDP, spanning tree, EAPOL and the like.", Cure: harmless},
	ReasonBadIPHeader:   {Cause: hostile, Cure: "Where it goes on, find out by a capture which host sends it."},
	ReasonBadIPChecksum: {Cause: "Damage on the link or in a router before it.", Cure: "Where it goes on, look for a bad cable or device on the way."},
	ReasonBadIPOption:   {Cause: hostile, Cure: harmless},
	ReasonBadExtHeader:  {Cause: "Somebody who tries what happens: more than eight headers, or hop-by-hop options that are not the first.", Cure: harmless},
	ReasonSourceRoute:   {Cause: "Somebody who tries to get around the routes. No program needs it.", Cure: "Nothing: no setting allows it (RFC 5095, RFC 7126)."},
	ReasonBadL4Header: {
		Cause: "As above; also ARP and neighbour discovery that say nothing sensible.",
		Cure:  "Where an ESP sender is only odd, `check-protocol-header` loose lets it pass.",
	},
	ReasonBadFragment: {Cause: hostile, Cure: harmless},

	ReasonFragmentTiny: {Cause: "Somebody who tries to hide ports from a filter.", Cure: harmless},
	ReasonFragmentOverlap: {
		Cause: "An attack on the receiver's reassembly; or a sender, or a translation in front, that uses one identification again while fragments of the last packet still wait.",
		Cure:  "Have the sender make packets that fit its MTU. What it sends under the same identification dies too until `ip-fragment-timeout` is over.",
	},
	ReasonFragmentDuplicate: {Cause: "The network delivered a fragment twice.", Cure: harmless},
	ReasonFragmentOverflow:  {Cause: "Somebody who cuts packets into crumbs.", Cure: harmless},
	ReasonFragmentTimeout: {
		Cause: "A fragment was lost on its way, or takes another one.",
		Cure:  "Look for loss, and for a second path around the firewall. `ip-fragment-timeout` gives them more time.",
	},
	ReasonFragmentMemory: {
		Cause: "A flood of fragments, or more fragmented traffic than was reckoned with.",
		Cure:  "`ip-fragment-mem-thresholds` gives more memory, a shorter `ip-fragment-timeout` takes less of it.",
	},

	ReasonNotForUs: {
		Cause: "A switch that does not know yet where a station is sends its frames everywhere.",
		Cure:  "A few are normal. Many: the port is connected to a mirror port, or hosts have a wrong MAC address for their gateway.",
	},
	ReasonMartianSource: {
		Cause: "A host without an address yet, a forged source, or another machine that has an address of the firewall.",
		Cure:  "Where the source is the firewall's own, look for the address conflict.",
	},
	ReasonMartianDestination: {Cause: "A host that sends link-local or loopback addresses to its gateway.", Cure: "Correct the host's configuration."},
	ReasonBadFlags:           {Cause: "A port scanner (SYN with FIN, all flags, none).", Cure: harmless},
	ReasonMulticast:          {Cause: "DHCP, mDNS, routing protocols and other talk of the link.", Cure: "Nothing: it is not for another link. There is no multicast routing yet."},
	ReasonLand: {
		Cause:  "An old attack. Or a host inside asks for its own outer address, and the virtual IP leads it to itself with its source untranslated.",
		Cure:   "Nothing; where hosts ask for themselves, `snat-hairpin-traffic`.",
		Log:    "Where a virtual IP did it, as for a denied session: `logtraffic` of the policy.",
		Answer: "Where a virtual IP did it, as for a denied session: `send-deny-packet` of the policy.",
	},

	ReasonNoSession: {
		Cause:  "The session is over: it was idle for too long, it was cleared or gave way, or the firewall was started anew. Or the firewall never saw its beginning because packets take another way in one direction. A few late ones behind the end of a connection are normal.",
		Cure:   "A longer `session-ttl` for connections that are quiet for long; routes that lead both directions through here; where that can not be, `tcp-session-without-syn`, or `asymroute` and its like, which let such packets through unseen. With `reset-sessionless-tcp` clients notice at once instead of waiting.",
		Answer: "With `reset-sessionless-tcp` a TCP reset, else nothing.",
	},
	ReasonSessionTableFull: {
		Answer: deniedAnswer,
		Cause:  "`max-sessions` are established. Half-open connections, those that have ended, and what was one question and one answer give way before this happens.",
		Cure:   "See who has them with `diagnose sys session top`. Raise `max-sessions`; shorten `udp-idle-timer` or `session-ttl`.",
	},
	ReasonSessionClash: {
		Cause: "A peer opens a connection that was announced to it, from and to the ports of the very connection that announced it. Any other session would be closed and make room.",
		Cure:  harmless,
	},
	ReasonSessionQuota: {
		Answer: deniedAnswer,
		Cause:  "One host opens very many sessions: a scan, a worm, a file exchange; or many hosts behind one translated address.",
		Cure:   "`max-concurrent-session` of the `per-ip-shaper`, and those for TCP and UDP, say how many are too many. `diagnose sys session top` shows who it is.",
		Log:    deniedLog,
	},
	ReasonSessionBlocked: {
		Cause: "It is meant so: a policy was changed, disabled or taken away, or the route now leads elsewhere.",
		Cure:  "A policy that allows the session lets it go on at its next packet. `diagnose sys session clear` ends it for good. `firewall-session-dirty` says which sessions a change may reach.",
	},
	ReasonBadChecksum: {
		Cause: "Damage on the way. Of other packets the checksum is the ends' affair; one that a helper reads dies of `helper-bad-checksum`.",
		Cure:  "Where it goes on, look for a bad cable or device on that side.",
	},
	ReasonTCPState: {
		Cause: "An answer, or data, from a side that has not been asked: a connection of which the firewall saw only a part, an answer of an older one, or a scan.",
		Cure:  "Make sure that both directions come through here.",
	},
	ReasonTCPWindow: {
		Cause: "A blind attack on a connection; segments that were under way for long; or a device nearby that changes sequence numbers, or takes one direction past the firewall.",
		Cure:  "Correct the routes. Else `anti-replay`, of a policy or of all, says how closely numbers are looked at, and `check-reset-range` whether resets are.",
	},
	ReasonSCTPTag: {
		Cause: "A blind attack on an association, a packet of an older one, or an association of which the firewall saw only a part.",
		Cure:  "Make sure that both directions come through here.",
	},
	ReasonSCTPState: {
		Cause: "As for `tcp-state`: a side that has not been asked, or a scan.",
		Cure:  "Make sure that both directions come through here.",
	},
	ReasonICMPNoSession: {
		Cause: "Errors about packets that somebody sent in the name of an address here, or about a session that is over; also errors with a wrong checksum.",
		Cure:  "Nothing; where answers take another way than requests, `asymroute-icmp` and `asymroute6-icmp`.",
	},

	ReasonNoRoute:   {Cause: "A route is missing, or the interface it leads through is down.", Cure: "Add a `router.static` entry; look at the links."},
	ReasonBlackhole: {Cause: "It is meant so: the route has `blackhole` enabled.", Cure: "Add a longer route for what should pass."},
	ReasonReversePath: {
		Cause: "A forged source, or a host that reaches the firewall by another interface than the one that leads back to it.",
		Cure:  "Add a route to the source through the interface it comes in by.",
	},
	ReasonTTL: {
		Cause:  "Traceroute, or a routing loop.",
		Cure:   "Where it goes on: look for two routers that send to each other.",
		Answer: "ICMP time exceeded, at most a thousand errors a second; nothing where the packet is an ICMP error itself.",
	},

	ReasonPolicyDeny: {
		Cause:  "It is meant so.",
		Cure:   "The line in the log names the policy. Policies are tried in their order: put the one that allows it before.",
		Answer: deniedAnswer,
		Log:    "`logtraffic` of the policy, unless disable: action `deny`, the policy's number, *Denied by forward policy check*.",
	},
	ReasonImplicitDeny: {
		Cause: "No policy is about it; often a service with another port than expected, or a secondary flow whose session helper is not bound.",
		Cure:  "Add a policy, or a `system.session-helper` entry for the control session's port.",
		Log:   "`fwpolicy-implicit-log`: action `deny`, `policyid=0`.",
	},
	ReasonLocalIn: {
		Cause: "Scans; a ping where it is not allowed; answers to packets of sessions that are over and were translated to the firewall's address.",
		Cure:  "`allowaccess` and `ip6-allowaccess` say by interface what is offered: ping, or nothing.",
		Log:   "`local-in-deny-unicast`: action `deny`, subtype `local`, policytype `local-in-policy`.",
	},

	ReasonNATExhausted: {
		Answer: deniedAnswer,
		Cause:  "One translated address has some 60000 ports for each destination and port; protocols without ports have one session for each destination. A client of a pool with a share of its own may have used that up (`block-size`, `num-blocks-per-user`, `port-per-user`), a one-to-one pool have more clients than addresses.",
		Cure:   "The log says `NAT port is exhausted.`, once in ten seconds, and of which pool; `diagnose firewall ippool-all stats` says what of it is in use. Give it more addresses, or the client more ports; shorten `udp-idle-timer` or `session-ttl`, so that ports come back sooner; find out with `diagnose sys session top` who uses them.",
		Log:    deniedLog,
	},
	ReasonNATNoAddress: {
		Answer: deniedAnswer,
		Cause:  "A policy with `nat` enabled leads out by an interface without an address of that family; or none of its pools is for this client (`source-startip`, `internal-prefix`) or this interface (`associated-interface`).",
		Cure:   "Give the interface an `ip` or `ip6-address`, add a pool to `poolname`, or switch `nat` off.",
		Log:    deniedLog,
	},

	ReasonNATNoMapping: {
		Cause: "Scans of the addresses of virtual IPs and IP pools; a virtual IP that does not take this port, protocol, source or incoming interface; answers to sessions that are over.",
		Cure:  "Where it ought to go on, compare the packet with the virtual IP: `extintf`, `protocol`, `extport`, `src-filter`, `service`; `diagnose firewall vip list` shows them.",
	},

	ReasonHelperGap:         {Cause: "Loss or reordering before the firewall.", Cure: "Where it goes on, look for loss on that side."},
	ReasonHelperBadChecksum: {Cause: "Damage on the link.", Cure: "Where it goes on, look for a bad cable or device on that side."},
	ReasonHelperBusy:        {Cause: "A client that sends many announcing commands without waiting for answers.", Cure: harmless},
	ReasonHelperTooLong:     {Cause: "A command that fills a packet of the largest size, whose translated form is longer.", Cure: harmless},
	ReasonTLSExpected: {
		Cause:  "An FTP client that protects its control connection but not its data (PROT C); a program that uses the control session's `tls-data-ports` for something else; a connection that was closed before anything was sent.",
		Cure:   "Have client and server protect the data connections too (PROT P). Where they shall not be, leave `tls-data-ports` out and let a policy allow the ports.",
		Answer: "a TCP reset, to both ends.",
		Log:    "`logtraffic` of the control session's policy, unless disable: action `deny`.",
	},

	ReasonTooBig: {
		Cause:  "Path MTU discovery at work: the way out is narrower than the way in.",
		Cure:   "Nothing, if connections work. Else let the sender get the answer: something drops ICMP on its way. `mtu` of the interface says what is too big.",
		Answer: "ICMP fragmentation needed, or packet too big, with the MTU to use.",
	},
	ReasonNeighbourUnresolved: {
		Cause: "The host is off or does not exist (scans find many of those), or a `gateway` is wrong.",
		Cure:  "Look at the `gateway` of the route and at the cable.",
	},
	ReasonNeighbourQueueFull: {Cause: "More packets than wait for one neighbour at a time, mostly for one that never answers.", Cure: "As for `neighbour-unresolved`."},
	ReasonPortDown:           {Cause: "The link of the way out was lost a moment ago; after that the packets die of `no-route`, or take another one.", Cure: "Look at the link."},
	ReasonSendFailed: {
		Cause: "The device's queue is full, or the frame is longer than the device allows.",
		Cure:  "Compare the MTU of the device and `mtu`; see the device's counters (`ip -s link`).",
	},
	ReasonRingDrop: {
		Cause: "More frames than the processors can take, or a burst.",
		Cure:  "More or faster processors; fewer other programs beside it.",
	},
}

// Rows behind the last reason are an error of the compiler; a test finds those
// that are missing.
var _ = [1]struct{}{}[len(adviceTable)-int(NumReasons)]
