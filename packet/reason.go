package packet

import "fmt"

// Reason is what a packet died of: a number that indexes counters, a name for
// logs and filters, and a sentence for people. The list is closed: a constant
// without a row in reasonTable does not compile. ReasonNone means that nothing
// is wrong.
type Reason uint8

// Reasons, in the order of a packet's trip.
const (
	ReasonNone Reason = iota

	// Parse.
	ReasonTruncated
	ReasonBadVLAN
	ReasonEtherType
	ReasonBadIPHeader
	ReasonBadIPChecksum
	ReasonBadIPOption
	ReasonBadExtHeader
	ReasonSourceRoute
	ReasonBadL4Header
	ReasonBadFragment

	// Reassembly.
	ReasonFragmentTiny
	ReasonFragmentOverlap
	ReasonFragmentDuplicate
	ReasonFragmentOverflow
	ReasonFragmentTimeout
	ReasonFragmentMemory

	// Sanity.
	ReasonNotForUs
	ReasonMartianSource
	ReasonMartianDestination
	ReasonBadFlags
	ReasonMulticast
	ReasonLand

	// Session.
	ReasonNoSession
	ReasonSessionTableFull
	ReasonSessionClash
	ReasonSessionQuota
	ReasonSessionBlocked
	ReasonBadChecksum
	ReasonTCPState
	ReasonTCPWindow
	ReasonSCTPTag
	ReasonSCTPState
	ReasonICMPNoSession

	// Route.
	ReasonNoRoute
	ReasonBlackhole
	ReasonReversePath
	ReasonTTL

	// Policy.
	ReasonPolicyDeny
	ReasonImplicitDeny
	ReasonLocalIn

	// Translation.
	ReasonNATExhausted
	ReasonNATNoAddress
	ReasonNATNoMapping

	// Helper.
	ReasonHelperGap
	ReasonHelperBadChecksum
	ReasonHelperBusy
	ReasonHelperTooLong
	ReasonTLSExpected

	// Way out.
	ReasonTooBig
	ReasonNeighbourUnresolved
	ReasonNeighbourQueueFull
	ReasonPortDown
	ReasonSendFailed
	ReasonRingDrop

	// NumReasons is the number of reasons, ReasonNone included.
	NumReasons
)

// reasonTable is indexed by Reason: its array length is what makes a reason
// without a row an error of the compiler (see the assertion below).
var reasonTable = [...]struct{ name, text string }{
	ReasonNone: {"none", "nothing is wrong"},

	ReasonTruncated:     {"truncated", "the frame ends before the lengths in its headers say"},
	ReasonBadVLAN:       {"bad-vlan", "the frame is tagged for a VLAN that no interface has, or carries more than two tags"},
	ReasonEtherType:     {"ethertype", "the frame carries neither IPv4, IPv6 nor ARP"},
	ReasonBadIPHeader:   {"bad-ip-header", "version, header length or total length of the IP header contradict each other"},
	ReasonBadIPChecksum: {"bad-ip-checksum", "the IPv4 header checksum is wrong"},
	ReasonBadIPOption:   {"bad-ip-option", "an IPv4 option runs past the header"},
	ReasonBadExtHeader:  {"bad-ext-header", "an IPv6 extension header is cut short, out of place, or one of too many"},
	ReasonSourceRoute:   {"source-route", "the packet asks for source routing"},
	ReasonBadL4Header:   {"bad-l4-header", "the transport header is cut short or its lengths contradict each other; with check-protocol-header strict also an ESP header that no sender writes"},
	ReasonBadFragment:   {"bad-fragment", "the fragment is too small, not a multiple of 8 bytes, ends past 65535 bytes, or contradicts another about where the packet ends"},

	ReasonFragmentTiny:      {"fragment-tiny", "the first fragment does not hold the whole transport header"},
	ReasonFragmentOverlap:   {"fragment-overlap", "two fragments claim the same part of a packet, so none of them is believed"},
	ReasonFragmentDuplicate: {"fragment-duplicate", "the same fragment is there already; the packet is reassembled all the same"},
	ReasonFragmentOverflow:  {"fragment-overflow", "the packet is in too many fragments, or the headers before the fragment header are too long"},
	ReasonFragmentTimeout:   {"fragment-timeout", "the other fragments of the packet did not arrive in time (ip-fragment-timeout)"},
	ReasonFragmentMemory:    {"fragment-memory", "the memory for fragments was full, and the fragments of this packet the oldest (ip-fragment-mem-thresholds)"},

	ReasonNotForUs:           {"not-for-us", "the frame is addressed to another station's MAC address, or to all stations while its IP packet is for one"},
	ReasonMartianSource:      {"martian-source", "the source address can not be a sender's: multicast, broadcast, loopback, unspecified, an address of this firewall, or (as the destination too) an IPv4 address within IPv6"},
	ReasonMartianDestination: {"martian-destination", "the destination address can not be reached through a router: loopback, unspecified or link-local"},
	ReasonBadFlags:           {"bad-flags", "the combination of TCP flags does not exist in TCP, or a port is 0"},
	ReasonMulticast:          {"multicast", "multicast and broadcast packets are not forwarded"},
	ReasonLand:               {"land", "the packet claims to come from its own destination: same address and, where there are ports, same port"},

	ReasonNoSession:        {"no-session", "the packet belongs to no session and can not open one"},
	ReasonSessionTableFull: {"session-table-full", "the session table has no room for a new session"},
	ReasonSessionClash:     {"session-clash", "a helper's child would take the tuple of its own control session"},
	ReasonSessionQuota:     {"session-quota", "its source has as many sessions already as the policy's per-ip-shaper allows"},
	ReasonSessionBlocked:   {"session-blocked", "the configuration changed and its policies no longer allow this session"},
	ReasonBadChecksum:      {"bad-checksum", "the packet would begin or end a TCP connection or begin what a helper expects, but its checksum is wrong, so that its receiver will not believe it"},
	ReasonTCPState:         {"tcp-state", "the segment does not fit the state of its connection"},
	ReasonTCPWindow:        {"tcp-window", "sequence or acknowledgement number of the segment are outside of its connection's window"},
	ReasonSCTPTag:          {"sctp-tag", "the verification tag of the SCTP packet is not the one that its receiver has chosen"},
	ReasonSCTPState:        {"sctp-state", "a chunk of the SCTP packet does not fit the state of its association, or stands beside others that must stand alone"},
	ReasonICMPNoSession:    {"icmp-no-session", "the ICMP error reports about a packet of no session"},

	ReasonNoRoute:     {"no-route", "no route leads to the destination"},
	ReasonBlackhole:   {"blackhole", "the route to the destination is a blackhole"},
	ReasonReversePath: {"reverse-path", "no route leads back to the source through the interface it came in by"},
	ReasonTTL:         {"ttl", "the hop limit ran out"},

	ReasonPolicyDeny:   {"policy-deny", "a policy with action deny matched"},
	ReasonImplicitDeny: {"implicit-deny", "no policy matched (policy 0)"},
	ReasonLocalIn:      {"local-in", "the packet is for the firewall itself, which offers no such service on this interface"},

	ReasonNATExhausted: {"nat-exhausted", "no free port is left on the translated source address"},
	ReasonNATNoMapping: {"nat-no-mapping", "the address is only translated to or from, and nothing leads on from this port of it"},
	ReasonNATNoAddress: {"nat-no-address", "the outgoing interface has no address to translate the source to"},

	ReasonHelperGap:         {"helper-gap", "a segment of a control session, or one of those that a protected data connection begins with, arrived out of order; they are read in order, so it must be sent again"},
	ReasonHelperBadChecksum: {"helper-bad-checksum", "the packet of a control session has a wrong checksum"},
	ReasonHelperBusy:        {"helper-busy", "too many rewritten commands of a control session are not yet acknowledged; it must be sent again"},
	ReasonHelperTooLong:     {"helper-too-long", "the rewritten packet of a control session does not fit a packet"},
	ReasonTLSExpected:       {"tls-expected", "a data connection that was let in for an encrypted control session (tls-data-ports) does not begin with a TLS ClientHello of the client"},

	ReasonTooBig:              {"too-big", "the packet is larger than the outgoing MTU and must not be fragmented"},
	ReasonNeighbourUnresolved: {"neighbour-unresolved", "the next hop does not answer ARP or neighbour discovery"},
	ReasonNeighbourQueueFull:  {"neighbour-queue-full", "too many packets wait for the next hop to be resolved"},
	ReasonPortDown:            {"port-down", "the device of the outgoing interface is down or gone"},
	ReasonSendFailed:          {"send-failed", "the kernel did not take the frame"},
	ReasonRingDrop:            {"ring-drop", "the receive ring was full, so the kernel dropped the frame before it was read"},
}

// A reason without a row, or a row too many, is an error of the compiler.
var _ = [1]struct{}{}[len(reasonTable)-int(NumReasons)]

// String is the reason's name, as in counters and logs: "no-session".
func (r Reason) String() string {
	if r >= NumReasons {
		return fmt.Sprintf("reason-%d", uint8(r))
	}
	return reasonTable[r].name
}

// Text is one lower-case sentence that says what the packet died of.
func (r Reason) Text() string {
	if r >= NumReasons {
		return r.String()
	}
	return reasonTable[r].text
}
