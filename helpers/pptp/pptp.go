package pptp

import (
	"encoding/binary"
	"net/netip"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// Helper is the session helper "pptp". Either end may have opened the session; which
// of the two is the access concentrator (PAC) and which the network server (PNS)
// is seen from the first call.
var Helper = helpers.Helper{
	Name:       "pptp",
	Protocols:  []uint8{packet.ProtoTCP},
	MaxExpects: 64,              // two for each call that is about to begin
	Lifetime:   5 * time.Minute, // a PAC answers when the line it dials does
	MaxHold:    maxHead,
	Mentions:   true, // messages of both directions name calls of the other
	Inspect:    inspect,
	Spell:      spell,
	Sound:      sound,
}

func init() { helpers.Register(&Helper) }

// Reasons to give a session up.
const (
	whyLength  = "a length that the message can not have"
	whyType    = "neither a control nor a management message"
	whyCookie  = "a wrong magic cookie"
	whyNoStart = "the first message does not start a control connection"
	whyVersion = "another version of the protocol"
)

// A message begins with its length, its type, the magic cookie and the type of the
// control message (RFC 2637 section 2).
const (
	headerSize = 12
	maxHead    = 17 // the most that is read of a message
	cookie     = 0x1a2b3c4d

	typeControl    = 1
	typeManagement = 2
)

// Control messages.
const (
	startRequest = 1
	startReply   = 2
	stopRequest  = 3
	stopReply    = 4

	outgoingRequest = 7
	outgoingReply   = 8
	incomingRequest = 9
	incomingReply   = 10
	incomingUp      = 11
	clearRequest    = 12
	disconnected    = 13
	wanError        = 14
	setLink         = 15
)

// form is what there is to know of a kind of control message.
type form struct {
	size int  // of the whole message, at least
	head int  // bytes of it that are read
	from role // who may send it of a call; nobody: it is about none
}

var forms = [...]form{
	startRequest: {156, 14, nobody}, startReply: {156, 15, nobody},
	stopRequest: {16, 12, nobody}, stopReply: {16, 12, nobody},
	5: {16, 12, nobody}, 6: {20, 12, nobody}, // echo
	outgoingRequest: {168, 14, pns}, outgoingReply: {32, 17, pac},
	incomingRequest: {220, 14, pac}, incomingReply: {24, 17, pns}, incomingUp: {28, 14, pac},
	clearRequest: {16, 14, pns}, disconnected: {148, 14, pac},
	wanError: {40, 14, pac},
	setLink:  {24, 14, either}, // a PNS (RFC 2637 section 2.15), but concentrators that end PPP themselves send it too
}

// enough is how many findings are left to the next call: no message has more than
// two.
const enough = helpers.MaxFindings - 2

// inspect reads the heads of messages and skips the rest.
func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	s := (*state)(seg.State)
	r := reader{seg: seg, s: s, f: f}
	for at := 0; at < len(seg.Data); {
		if n := s.unread(seg.Dir); n > 0 {
			n = min(n, len(seg.Data)-at)
			s.read(seg.Dir, n)
			at += n
			continue
		}
		why, whole := r.judge(seg.Data[at:])
		switch {
		case why != "" && r.found > 0: // what was found before stands
			f.Consumed = at
			return helpers.More
		case why != "":
			f.Why = why
			return helpers.Foreign
		case !whole && seg.Final:
			return helpers.Read // half a message is none
		case !whole:
			f.Consumed = at
			return helpers.Partial
		case r.found > 0 && (r.found > enough || r.stops(seg.Data[at:])):
			f.Consumed = at
			return helpers.More
		}
		at += r.message(at)
		if f.Cancel {
			f.Consumed = at
			return helpers.More
		}
	}
	return helpers.Read
}

// reader reads the segment of one call.
type reader struct {
	seg   *helpers.Segment
	s     *state
	f     *helpers.Findings
	found int
}

// judge says why b does not begin with a message, or whether as much of it is there
// as has to be read. It looks at the fields in the order of their bytes, so that it
// finds the same wherever b ends.
func (r *reader) judge(b []byte) (why string, whole bool) {
	if len(b) < 2 {
		return "", false
	}
	size := int(binary.BigEndian.Uint16(b))
	if size < headerSize {
		return whyLength, false
	}
	if len(b) < 4 {
		return "", false
	}
	kind := binary.BigEndian.Uint16(b[2:])
	if kind != typeControl && kind != typeManagement {
		return whyType, false
	}
	for i, want := range [...]byte{cookie >> 24, cookie >> 16 & 0xff, cookie >> 8 & 0xff, cookie & 0xff} {
		if len(b) <= 4+i {
			return "", false
		}
		if b[4+i] != want {
			return whyCookie, false
		}
	}
	if len(b) < 10 {
		return "", false
	}
	what := control(b)
	if !r.s.started(r.seg.Dir) && what != startRequest+int(r.seg.Dir) {
		return whyNoStart, false
	}
	head := headerSize
	if what > 0 && what < len(forms) {
		if size < forms[what].size {
			return whyLength, false
		}
		head = forms[what].head
	}
	if len(b) < head {
		return "", false
	}
	if what == startRequest && b[12] != 1 { // 1.0 is written 0x0100
		return whyVersion, false
	}
	return "", true
}

// control is the type of a control message, 0 of another one.
func control(b []byte) int {
	if binary.BigEndian.Uint16(b[2:]) != typeControl {
		return 0
	}
	return int(binary.BigEndian.Uint16(b[8:]))
}

// stops says whether the message at the beginning of b ends all calls: what was found
// before it has to be carried out first.
func (r *reader) stops(b []byte) bool {
	what := control(b)
	return what == stopRequest || what == stopReply
}

// message reads the head of the message at seg.Data[at:] and returns its length. The
// rest of the message is skipped.
func (r *reader) message(at int) (head int) {
	b := r.seg.Data[at:]
	what := control(b)
	head = headerSize
	if what > 0 && what < len(forms) {
		head = forms[what].head
	}
	r.s.skip(r.seg.Dir, int(binary.BigEndian.Uint16(b))-head)
	switch what {
	case startRequest, startReply:
		r.s.start(r.seg.Dir, what == startReply && b[14] == 1)
	case stopRequest, stopReply:
		r.s.stop()
		r.f.Cancel = true
	default:
		if what > 0 && what < len(forms) && r.s.plays(r.seg.Dir, forms[what].from, what) {
			r.call(what, at)
		}
	}
	return head
}

// call reads a message about a call, by whom may send it.
func (r *reader) call(what, at int) {
	const first, second, result = 12, 14, 16
	switch what {
	case outgoingRequest, incomingRequest:
		r.id(helpers.CallOffer, at+first, 0)
	case outgoingReply, incomingReply:
		if r.seg.Data[at+result] != 1 {
			r.id(helpers.CallRefuse, at+second, 0)
			return
		}
		r.id(helpers.CallAnswer, at+first, r.word(at+second))
		r.id(helpers.CallNamed, at+second, 0)
	case incomingUp, wanError, setLink:
		r.id(helpers.CallNamed, at+first, 0)
	case clearRequest:
		r.id(helpers.CallClear, at+first, 0)
	case disconnected:
		r.id(helpers.CallGone, at+first, 0)
	}
}

func (r *reader) word(at int) uint16 { return binary.BigEndian.Uint16(r.seg.Data[at:]) }

// id notes what the call id at seg.Data[at:] says.
func (r *reader) id(what helpers.Call, at int, peers uint16) {
	r.found++
	r.f.Announce(helpers.Expect{
		Proto: packet.ProtoGRE, Call: what, PeerPort: peers,
		Endpoint: netip.AddrPortFrom(r.seg.Src.Addr(), r.word(at)),
		Edit:     helpers.Edit{Off: at, Len: 2},
	})
}

// spell writes a call id.
func spell(dst, _ []byte, _ helpers.Edit, to netip.AddrPort) []byte {
	return binary.BigEndian.AppendUint16(dst, to.Port())
}
