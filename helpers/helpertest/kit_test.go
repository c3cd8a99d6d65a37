package helpertest

import (
	"bytes"
	"net/netip"
	"strconv"
	"testing"

	"portcullis/helpers"
	"portcullis/packet"
)

// post is a protocol for the kit's own test. A message is the length of its body,
// a line feed and the body, which is lines of a letter and an endpoint:
//
//	A 192.0.2.10:4000   announces a pair of UDP flows, of tag 1
//	M 192.0.2.10:4000   mentions
//	X                   cancels what has tag 1
var post = helpers.Helper{
	Name: "post", Protocols: []uint8{packet.ProtoTCP, packet.ProtoUDP}, MaxExpects: 8, MaxHold: 400, Mentions: true, Ends: true,
	Inspect: inspectPost, Spell: spellPost, SpellLength: spellPostLength,
}

func inspectPost(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	cut := helpers.Partial
	if seg.Final {
		cut = helpers.Read
	}
	head, _, ok := bytes.Cut(seg.Data, []byte("\n"))
	if !ok && len(seg.Data) < 4 {
		return cut
	}
	n, err := strconv.Atoi(string(head))
	from := len(head) + 1
	to := from + n
	if err != nil || n < 0 || to > 400 {
		f.Why = "no length"
		return helpers.Foreign
	}
	if to > len(seg.Data) {
		return cut
	}
	f.Measure(helpers.Length{From: from, To: to, Edit: helpers.Edit{Len: len(head)}})
	for at := from; at < to; {
		line, _, _ := bytes.Cut(seg.Data[at:to], []byte("\n"))
		if len(line) > 2 {
			ap, err := netip.ParseAddrPort(string(line[2:]))
			edit := helpers.Edit{Off: at + 2, Len: len(line) - 2}
			switch {
			case err != nil:
			case line[0] == 'A' && ap.Port()-1 < 0xfffe:
				f.Announce(helpers.Expect{Proto: packet.ProtoUDP, Endpoint: ap, Edit: edit, Pair: true, Tag: 1})
			case line[0] == 'M':
				f.Mention(helpers.Mention{Endpoint: ap, Edit: edit})
			}
		}
		if len(line) == 1 && line[0] == 'X' {
			f.Void(1)
		}
		at += len(line) + 1
	}
	f.Over = seg.Proto == packet.ProtoUDP && n == 0
	f.Consumed = to
	return helpers.More
}

func spellPost(dst, _ []byte, _ helpers.Edit, to netip.AddrPort) []byte { return to.AppendTo(dst) }

func spellPostLength(dst, _ []byte, _ helpers.Edit, n int) []byte {
	return strconv.AppendInt(dst, int64(n), 10)
}

func posted(body string) string { return strconv.Itoa(len(body)) + "\n" + body }

func postDialogue(proto uint8) Dialogue {
	how := "udp pair tag 1"
	if proto == packet.ProtoUDP {
		how = "pair tag 1"
	}
	return Dialogue{
		Name: packet.ProtoName(proto), Proto: proto,
		Turns: []Turn{
			Client(posted("A 192.0.2.10:4000\nM 192.0.2.10:40000\nA 192.0.2.10:41000\n")),
			Server(posted("M 198.51.100.20:21\nM 192.0.2.10:40000\nM 198.51.100.20:0\n")),
			Client(posted("X\nM 198.51.100.20:21\nA 192.0.2.10:4000\n")),
			Server(posted("")),
		},
		Want: []Announced{
			{packet.Original, "192.0.2.10:4000", how}, {packet.Original, "192.0.2.10:41000", how},
			{packet.Original, "192.0.2.10:4000", how},
		},
		Mentioned: []Announced{
			{packet.Original, "192.0.2.10:40000", ""}, {packet.Reply, "198.51.100.20:21", ""},
			{packet.Reply, "192.0.2.10:40000", ""}, {packet.Reply, "198.51.100.20:0", ""},
			{packet.Original, "198.51.100.20:21", ""},
		},
	}
}

func TestKit(t *testing.T) {
	for _, proto := range post.Protocols {
		Laws(t, &post, postDialogue(proto))
	}
}

// TestKitFindsFaults runs helpers against the laws that break one each.
func TestKitFindsFaults(t *testing.T) {
	spell := func(f func(dst, orig []byte, to netip.AddrPort) []byte) func(*helpers.Helper) {
		return func(h *helpers.Helper) {
			h.Spell = func(dst, orig []byte, _ helpers.Edit, to netip.AddrPort) []byte { return f(dst, orig, to) }
		}
	}
	inspect := func(f func(*helpers.Segment, *helpers.Findings, helpers.Status) helpers.Status) func(*helpers.Helper) {
		return func(h *helpers.Helper) {
			h.Inspect = func(seg *helpers.Segment, found *helpers.Findings) helpers.Status {
				return f(seg, found, inspectPost(seg, found))
			}
		}
	}
	for name, breaks := range map[string]func(*helpers.Helper){
		"spells another port": spell(func(dst, _ []byte, to netip.AddrPort) []byte {
			return netip.AddrPortFrom(to.Addr(), to.Port()^2).AppendTo(dst)
		}),
		"spells nothing": spell(func(dst, _ []byte, _ netip.AddrPort) []byte { return dst }),
		"spells what is not read": spell(func(dst, _ []byte, to netip.AddrPort) []byte {
			return append(to.AppendTo(dst), '.')
		}),
		"spells a length of one more": func(h *helpers.Helper) {
			h.SpellLength = func(dst, _ []byte, _ helpers.Edit, n int) []byte { return strconv.AppendInt(dst, int64(n+1), 10) }
		},
		"measures what it can not spell": func(h *helpers.Helper) { h.SpellLength = nil },
		"mentions without saying so":     func(h *helpers.Helper) { h.Mentions = false },
		"holds more than it says":        func(h *helpers.Helper) { h.MaxHold = 20 },
		"expects more than it says":      func(h *helpers.Helper) { h.MaxExpects = 3 },
		"measures behind the data": inspect(func(seg *helpers.Segment, f *helpers.Findings, s helpers.Status) helpers.Status {
			if s == helpers.More && f.Consumed > 2 {
				f.Measure(helpers.Length{From: 0, To: len(seg.Data) + 1, Edit: helpers.Edit{Off: f.Consumed - 1, Len: 1}})
			}
			return s
		}),
		"cuts an edit with a length": inspect(func(_ *helpers.Segment, f *helpers.Findings, s helpers.Status) helpers.Status {
			if s == helpers.More && f.Consumed > 12 {
				f.Measure(helpers.Length{From: 0, To: 8, Edit: helpers.Edit{Off: f.Consumed - 1, Len: 1}})
			}
			return s
		}),
		"finds by how a stream is cut": inspect(func(seg *helpers.Segment, f *helpers.Findings, s helpers.Status) helpers.Status {
			f.Cancel = f.Cancel || s == helpers.More && len(seg.Data) > f.Consumed
			return s
		}),
		"ends a session of TCP": inspect(func(_ *helpers.Segment, f *helpers.Findings, s helpers.Status) helpers.Status {
			f.Over = s != helpers.Foreign
			return s
		}),
	} {
		bad := post
		breaks(&bad)
		d := postDialogue(packet.ProtoTCP)
		d.Turns[0].Text += d.Turns[0].Text // two messages at once
		if broken(&bad, d) == nil {
			t.Errorf("%s: no law was broken", name)
		}
	}
	d := postDialogue(packet.ProtoTCP)
	d.Turns[0].Text += d.Turns[0].Text
	if err := broken(&post, d); err != nil {
		t.Errorf("and the helper as it is: %v", err)
	}
}

// broken runs d through the laws and returns the first fault.
func broken(h *helpers.Helper, d Dialogue) error {
	d = d.filled()
	r, err := read(h, &d, whole)
	if err != nil {
		return err
	}
	if err := readBack(h, &d, r); err != nil {
		return err
	}
	if err := cuts(h, &d, r); err != nil {
		return err
	}
	return Networks(h, d, 8)
}

func FuzzKit(f *testing.F) { Fuzz(f, &post, postDialogue(packet.ProtoTCP)) }
