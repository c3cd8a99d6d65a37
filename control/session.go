package control

import (
	"net/netip"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// Session is a session, or an expectation, as the API shows it.
type Session struct {
	Serial      uint32    `json:"serial"`
	Expectation bool      `json:"expectation,omitempty"`
	Proto       uint8     `json:"proto"`
	ProtoState  uint8     `json:"proto_state"`
	Duration    int64     `json:"duration"` // seconds since its creation
	Expire      int64     `json:"expire"`   // seconds that are left to it without a packet
	Timeout     int64     `json:"timeout"`  // seconds it may be idle in its present state
	State       Words     `json:"state"`
	Policy      uint32    `json:"policy_id"`
	PolicyName  string    `json:"policy_name,omitempty"`
	PolicyDir   uint8     `json:"policy_dir"` // 1: opened against the direction of its policy
	Service     string    `json:"service,omitempty"`
	Helper      string    `json:"helper,omitempty"`
	Master      uint32    `json:"master,omitempty"` // serial of the control session
	PerIPShaper string    `json:"per_ip_shaper,omitempty"`
	Original    Direction `json:"original"`
	Reply       Direction `json:"reply"`
	DataRange   *Range    `json:"data_range,omitempty"`  // what stands for the connections of an encrypted control session; its first port is the destination's
	RefreshDir  string    `json:"refresh_dir,omitempty"` // whose packets keep it alive, where not everyone's: "out" or "in"
	Never       bool      `json:"never,omitempty"`       // it does not expire: expire and timeout are 0

	ref session.Ref
}

// Range is how far a data range goes, and how many connections came through it that
// are live, of as many as there may be.
type Range struct {
	LastPort uint16 `json:"last_port"`
	Sessions uint32 `json:"sessions"`
	Limit    uint32 `json:"limit"`
}

// Direction is one direction of a session.
type Direction struct {
	Tuple
	Leaves  Tuple      `json:"leaves,omitzero"` // where it is translated: as its packets leave
	Port    Interface  `json:"from"`            // where its packets arrive
	Gateway netip.Addr `json:"gateway,omitzero"`
	Bytes   uint64     `json:"bytes"`
	Packets uint64     `json:"packets"`
	Offset  Offset     `json:"offset,omitzero"`
}

// Tuple is who speaks to whom. Of an ICMP query the source's port is the
// identifier and the destination's the type; of GRE both are the key of the tunnel,
// or of PPTP the call id that its packets have.
// The source port 0 of an expectation is any.
type Tuple struct {
	Src     netip.Addr `json:"src"`
	SrcPort uint32     `json:"src_port"`
	Dst     netip.Addr `json:"dst"`
	DstPort uint32     `json:"dst_port"`
}

// Interface is an interface of the configuration. Its index counts from 1; 0 is
// the firewall itself.
type Interface struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
}

// Offset tells how a helper's rewrites move TCP's sequence numbers: by Before up
// to position Pos, by After from there on.
type Offset struct {
	Pos    uint32 `json:"pos"`
	Before int32  `json:"before"`
	After  int32  `json:"after"`
}

// sourceTranslated says whether the packets of the opener leave with another
// source.
func (s *Session) sourceTranslated() bool {
	l := &s.Original.Leaves
	return l.Src.IsValid() && (l.Src != s.Original.Src || l.SrcPort != s.Original.SrcPort && s.Proto != packet.ProtoGRE)
}

// destinationTranslated says whether they leave for another destination.
func (s *Session) destinationTranslated() bool {
	l := &s.Original.Leaves
	return l.Src.IsValid() && (l.Dst != s.Original.Dst || l.DstPort != s.Original.DstPort && s.Proto != packet.ProtoGRE)
}

// is6 says whether it is one of IPv6.
func (s *Session) is6() bool { return s.Original.Dst.Is6() }

// tupleOf is k. The flow of an expectation that any host may fulfil comes from the
// address that stands for all.
func tupleOf(k packet.Key) Tuple {
	src, dst := k.Ends()
	t := Tuple{Src: k.Src.Netip(), SrcPort: src, Dst: k.Dst.Netip(), DstPort: dst}
	switch {
	case t.Src.IsValid():
	case k.Dst.Is4():
		t.Src = netip.IPv4Unspecified()
	default:
		t.Src = netip.IPv6Unspecified()
	}
	return t
}

func interfaceOf(i uint16, names Names) Interface {
	return Interface{Index: int(i) + 1, Name: names.Interface(i)}
}

// show fills s with what a record says.
func (s *Session) show(r *Record, at Moment, names Names) {
	e := &r.Session
	*s = Session{
		Serial: e.ID, Proto: e.Key[0].Proto, ProtoState: protoState(e),
		Duration: elapsed(at.Now.Sub(e.Created)),
		Expire:   max(0, left(e.LastSeen.Add(e.Timeout()).Sub(at.Now))),
		Timeout:  elapsed(e.Timeout()),
		State:    wordsOf(e, r.Dirty),
		Policy:   e.Policy, PolicyName: names.Policy(e.Policy),
		Service: names.Service(e.Service), Helper: names.Helper(e.Helper), Master: e.Master.ID,
		PerIPShaper: names.Shaper(e.Shaper),
		ref:         r.Ref,
	}
	if e.Timeout() == session.Never {
		s.Never, s.Expire, s.Timeout = true, 0, 0
	}
	s.RefreshDir = refreshDirs[e.Still&3]
	if e.Against {
		s.PolicyDir = 1
	}
	for d, to := range [2]*Direction{&s.Original, &s.Reply} {
		to.Tuple = tupleOf(e.Key[d])
		next := e.Key[d].Dst
		if leaves := e.Leaving(packet.Dir(d)); leaves != e.Key[d] {
			to.Leaves, next = tupleOf(leaves), leaves.Dst
		}
		if e.Hop[d] != 0 {
			next = names.Gateway(e.Hop[d])
		}
		to.Gateway = next.Netip()
		to.Port = interfaceOf(e.Out[d^1], names)
		to.Bytes, to.Packets, to.Offset = e.Bytes[d], e.Packets[d], r.Offset[d]
	}
}

// showExpected fills s with what a record of an expectation says.
func (s *Session) showExpected(r *ExpectRecord, at Moment, names Names) {
	e := &r.Expect
	*s = Session{
		Serial: r.Ref.ID, Expectation: true, Proto: e.Match.Proto,
		Duration: elapsed(at.Now.Sub(e.Created)),
		Expire:   left(e.Expires.Sub(at.Now)),
		State:    WordNew,
		Policy:   e.Policy, PolicyName: names.Policy(e.Policy),
		Service: names.Service(e.Service), Helper: names.Helper(e.Helper), Master: e.Master.ID,
		ref: r.Ref,
	}
	if e.Many {
		s.State |= WordMany
	}
	if r.Against {
		s.PolicyDir = 1
	}
	match, leave := anySource(e.Match), anySource(e.Leave)
	s.Original.Tuple = tupleOf(match)
	if leave.SrcPort == 0 { // it keeps the port that it comes with
		leave.SrcPort = match.SrcPort
	}
	if leave != match {
		s.Original.Leaves = tupleOf(leave)
	}
	s.Original.Port, s.Reply.Port = interfaceOf(r.In, names), interfaceOf(r.Out, names)
}

// anySource is k, of an expectation. Where it may come from any host the source is
// the address that stands for all, of the family of the destination.
func anySource(k packet.Key) packet.Key {
	if k.Src == (packet.Addr{}) {
		any := netip.IPv6Unspecified()
		if k.Dst.Is4() {
			any = netip.IPv4Unspecified()
		}
		k.Src = packet.AddrFrom(any)
	}
	return k
}

// refreshDirs are the words of refresh_dir by the directions that do not refresh.
var refreshDirs = [4]string{"", "in", "out", ""}

// protoState is the second digit of proto_state; the first is that of a proxy,
// which there is none of.
func protoState(e *session.Record) uint8 {
	switch e.Key[0].Proto {
	case packet.ProtoICMP, packet.ProtoICMPv6:
		return 0
	}
	return uint8(e.State)
}

func wordsOf(e *session.Record, dirty bool) (w Words) {
	if e.LogEnd {
		w |= WordLog
	}
	if e.Master.ID == 0 {
		w |= WordMayDirty
	} else {
		w |= WordExt
	}
	if e.Encrypted {
		w |= WordTLS
	}
	if dirty {
		w |= WordDirty
	}
	if e.Shaper != 0 {
		w |= WordPerIP
	}
	if e.Blocked {
		w |= WordBlock
	}
	return w
}

// elapsed is how many whole seconds went by.
func elapsed(d time.Duration) int64 { return int64(d / time.Second) }

// left rounds up, so that 0 means that nothing is left.
func left(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
