package replay

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"portcullis/packet"
)

// Kind says what an Event tells.
type Kind string

// Kinds of events.
const (
	Session Kind = "session" // a session began
	End     Kind = "end"     // a session, or a child, ended
	Expect  Kind = "expect"  // a helper announced a flow
	Refuse  Kind = "refuse"  // what a helper announced was not believed, or is not possible
	Child   Kind = "child"   // a session began that a helper had announced
	Drop    Kind = "drop"    // a frame died
	Detach  Kind = "detach"  // a helper let go of its session
)

// Event is something that a frame caused, or the time that passed before the next
// one. Its JSON form is for programs, its String for people.
type Event struct {
	Kind  Kind    `json:"event"`
	File  string  `json:"file"`
	Frame int     `json:"frame"` // 1 is the first of the file; where it was time, the last one before
	Time  float64 `json:"time"`  // seconds since the first frame of the first file

	Session uint32 `json:"session,omitempty"` // number of the session; of what was announced, of its control session
	Master  uint32 `json:"master,omitempty"`  // of a child, its control session
	Helper  string `json:"helper,omitempty"`
	Control bool   `json:"control,omitempty"` // of an expectation: the helper is to read the flow, too
	Midway  bool   `json:"midway,omitempty"`  // of a TCP session: its beginning is not in the capture, and no helper reads it
	Policy  uint32 `json:"policy,omitempty"`  // with a configuration alone, as the interfaces
	In      string `json:"in,omitempty"`
	Out     string `json:"out,omitempty"`

	Proto  string     `json:"proto,omitempty"`
	Src    netip.Addr `json:"src,omitzero"`    // absent where it may be any
	Sport  *uint16    `json:"sport,omitempty"` // absent where it may be any, or the protocol has none
	Dst    netip.Addr `json:"dst,omitzero"`
	Dport  *uint16    `json:"dport,omitempty"`
	CallID *uint32    `json:"call_id,omitempty"` // of GRE: its key, or PPTP's call id; absent where it has none, or any

	// As packets leave, where an end is translated.
	NewSrc   netip.Addr `json:"nsrc,omitzero"`
	NewSport *uint16    `json:"nsport,omitempty"`
	NewDst   netip.Addr `json:"ndst,omitzero"`
	NewDport *uint16    `json:"ndport,omitempty"`

	Packets *[2]uint64 `json:"packets,omitempty"` // of a session that ended, by direction
	Bytes   *[2]uint64 `json:"bytes,omitempty"`

	// Reason says why a frame was dropped, a session ended, a helper let go, an
	// announcement was refused.
	Reason string `json:"reason,omitempty"`
}

// hasPorts says whether sport and dport of a key are ports.
func hasPorts(proto uint8) bool {
	return proto == packet.ProtoTCP || proto == packet.ProtoUDP || proto == packet.ProtoSCTP
}

// flow sets whom e is about; its helper is set before. Without one, GRE between two
// hosts is one session, whatever calls of PPTP it has: 0 is no call's id there.
func (e *Event) flow(k *packet.Key, wild bool) {
	e.Proto, e.Src, e.Dst = packet.ProtoName(k.Proto), k.Src.Netip(), k.Dst.Netip()
	switch {
	case hasPorts(k.Proto):
		e.Dport = &[]uint16{k.DstPort}[0]
		if !wild {
			e.Sport = &[]uint16{k.SrcPort}[0]
		}
	case k.Proto == packet.ProtoGRE && (k.GREKey() != 0 || e.Helper != ""):
		e.CallID = &[]uint32{k.GREKey()}[0]
	}
}

// translated sets how packets with key k leave, where that is otherwise.
func (e *Event) translated(k, leave *packet.Key, wild bool) {
	ports := hasPorts(k.Proto)
	if leave.Src != k.Src || ports && !wild && leave.SrcPort != k.SrcPort {
		e.NewSrc = leave.Src.Netip()
		if ports && !wild {
			e.NewSport = &[]uint16{leave.SrcPort}[0]
		}
	}
	if leave.Dst != k.Dst || ports && leave.DstPort != k.DstPort {
		e.NewDst = leave.Dst.Netip()
		if ports {
			e.NewDport = &[]uint16{leave.DstPort}[0]
		}
	}
}

// String is one line for people, without the file.
func (e *Event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%6d %12.6f  %-7s", e.Frame, e.Time, e.Kind)
	announced := e.Kind == Expect || e.Kind == Refuse
	if e.Session != 0 && !announced {
		fmt.Fprintf(&b, "  #%d", e.Session)
	}
	if e.Proto != "" {
		fmt.Fprintf(&b, "  %s %s > %s", e.Proto, endpoint(e.Src, e.Sport), endpoint(e.Dst, e.Dport))
	}
	switch {
	case e.CallID == nil:
	case e.Helper != "":
		fmt.Fprintf(&b, " call %d", *e.CallID)
	default:
		fmt.Fprintf(&b, " key %d", *e.CallID)
	}
	if e.NewSrc.IsValid() || e.NewDst.IsValid() {
		src, sport, dst, dport := e.Src, e.Sport, e.Dst, e.Dport
		if e.NewSrc.IsValid() {
			src, sport = e.NewSrc, e.NewSport
		}
		if e.NewDst.IsValid() {
			dst, dport = e.NewDst, e.NewDport
		}
		fmt.Fprintf(&b, " as %s > %s", endpoint(src, sport), endpoint(dst, dport))
	}
	if e.In != "" {
		fmt.Fprintf(&b, "  %s", e.In)
		if e.Out != "" {
			fmt.Fprintf(&b, " to %s", e.Out)
		}
	}
	if e.Policy != 0 && (e.Kind == Session || e.Kind == Child) {
		fmt.Fprintf(&b, "  policy %d", e.Policy)
	}
	if e.Helper != "" {
		fmt.Fprintf(&b, "  helper %s", e.Helper)
	}
	if e.Control {
		b.WriteString(", which reads it")
	}
	if e.Midway {
		b.WriteString("  from its middle")
	}
	switch {
	case e.Master != 0:
		fmt.Fprintf(&b, "  of #%d", e.Master)
	case announced:
		fmt.Fprintf(&b, "  of #%d", e.Session)
	}
	if e.Packets != nil {
		fmt.Fprintf(&b, "  %d/%d packets, %d/%d bytes", e.Packets[0], e.Packets[1], e.Bytes[0], e.Bytes[1])
	}
	if e.Reason != "" {
		fmt.Fprintf(&b, "  %s", e.Reason)
	}
	return b.String()
}

// endpoint is an address with its port, where it has one.
func endpoint(a netip.Addr, port *uint16) string {
	switch {
	case !a.IsValid():
		return "any"
	case port == nil:
		return a.String()
	case a.Is6():
		return "[" + a.String() + "]:" + strconv.Itoa(int(*port))
	}
	return a.String() + ":" + strconv.Itoa(int(*port))
}

// seconds is d as the time of an event.
func seconds(d time.Duration) float64 { return d.Seconds() }
