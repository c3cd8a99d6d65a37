package corpus

import (
	"cmp"
	"net/netip"

	"portcullis/packet"
)

// Story is a dialogue of a control session, and the flows that it opens.
type Story struct {
	Helper, Name string
	Proto        uint8
	Client       uint16 // the port that the client opens the session from
	Server       uint16 // the port that it is opened to
	Only4, Only6 bool   // a family that it is told of alone
	Turns        []Turn
	// Again is the first of the turns that may follow the last one, over and over in
	// the same session.
	Again int
}

// Turn is what one side says before the other side answers. Over UDP it is one
// datagram.
type Turn struct {
	Dir  packet.Dir
	Text func(v *View) string
	// Opens is what its sender waits for from now on.
	Opens []Flow
	// Announces says that it announces flows, which a later turn Opens.
	Announces bool
	// Ends says that nothing is waited for any more that was announced before.
	Ends bool
}

// Silent says that a turn announces nothing.
func (t *Turn) Silent() bool { return len(t.Opens) == 0 && !t.Announces }

// Flow is one that the sender of a turn waits for.
type Flow struct {
	Proto uint8
	Port  uint16 // where, as its sender knows it; of GRE the call id
}

// View is how one reads or writes a turn.
type View struct {
	// Me and You are the ends of the session that who speaks has, and its peer.
	Me, You netip.AddrPort
	// Mine and Yours are what the ports are known as that who speaks, or its peer, has
	// announced. Where they are nil ports are what they are.
	Mine, Yours func(port uint16) uint16
}

// known is a port by one of the View's functions.
func known(by func(uint16) uint16, port uint16) uint16 {
	if by == nil {
		return port
	}
	return by(port)
}

// Title is the story's name behind its helper's.
func (s *Story) Title() string {
	proto := ""
	if s.Proto == packet.ProtoTCP && s.Helper == "sip" || s.Proto == packet.ProtoUDP && s.Helper == "pmap" {
		proto = " over " + packet.ProtoName(s.Proto)
	}
	return s.Helper + "/" + s.Name + proto
}

// Tells says whether the story can be told of hosts of a family.
func (s *Story) Tells(v6 bool) bool {
	if v6 {
		return !s.Only4
	}
	return !s.Only6
}

// later is a turn that announces what a later one opens.
func later(t Turn) Turn {
	t.Announces = true
	return t
}

func client(text func(*View) string, opens ...Flow) Turn {
	return Turn{Dir: packet.Original, Text: text, Opens: opens}
}

func server(text func(*View) string, opens ...Flow) Turn {
	return Turn{Dir: packet.Reply, Text: text, Opens: opens}
}

func tcp(port uint16) Flow { return Flow{packet.ProtoTCP, port} }
func udp(port uint16) Flow { return Flow{packet.ProtoUDP, port} }

// All is every story.
func All() []*Story {
	var all []*Story
	for _, some := range [][]*Story{
		amanda(), dns(), ftp(), irc(), mms(), pmap(), pptp(), rsh(), rtsp(), sane(), sip(), talk(), tftp(), tns(),
	} {
		for _, s := range some {
			s.Client = cmp.Or(s.Client, 40000)
			s.Proto = cmp.Or(s.Proto, packet.ProtoTCP)
			all = append(all, s)
		}
	}
	return all
}
