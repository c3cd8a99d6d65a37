package mms

import (
	"bytes"
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// maxFunnel is the longest packet that is read as a whole, in bytes.
const maxFunnel = 512

// Helper is the session helper "mms". The player opened the session. What the server
// sends is not read.
var Helper = helpers.Helper{
	Name:        "mms",
	Protocols:   []uint8{packet.ProtoTCP},
	MaxExpects:  1,
	MaxHold:     maxFunnel,
	Inspect:     inspect,
	Spell:       spell,
	SpellLength: spellLength,
	Sound:       sound,
}

func init() { helpers.Register(&Helper) }

// Reasons to give a session up.
const (
	whyMessenger = "MSN Messenger, which announces nothing"
	whyNoMessage = "not an MMS message"
)

// Places in State.
const (
	connected = 0 // the player has said who it is
	skip      = 1 // four bytes: how much of a message is yet to pass
	end       = 5
)

// sound says whether s is what messages leave behind.
func sound(s *helpers.State) bool {
	if s[connected] > 1 || binary.BigEndian.Uint32(s[skip:]) > maxMessage {
		return false
	}
	return *(*[len(s) - end]byte)(s[end:]) == [len(s) - end]byte{}
}

func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	if seg.Dir == packet.Reply {
		return helpers.Read
	}
	for at := 0; at < len(seg.Data); {
		data := seg.Data[at:]
		if left := binary.BigEndian.Uint32(seg.State[skip:]); left > 0 {
			n := min(int(left), len(data))
			binary.BigEndian.PutUint32(seg.State[skip:], left-uint32(n))
			at += n
			continue
		}
		m, what := readMessage(data)
		if what == cut || what == whole && m.size <= maxFunnel && len(data) < m.size {
			if seg.Final {
				return helpers.Read // a part of a message is none
			}
			f.Consumed = at
			return helpers.Partial
		}
		if what == foreign || seg.State[connected] == 0 && m.id != connect {
			f.Why = whyNoMessage
			if seg.State[connected] == 0 && messenger(data) {
				f.Why = whyMessenger
			}
			return helpers.Foreign
		}
		seg.State[connected] = 1
		if m.size > maxFunnel {
			binary.BigEndian.PutUint32(seg.State[skip:], uint32(m.size-messageStart))
			at += messageStart
			continue
		}
		from, to, ok := lastFunnel(data[:m.size])
		if !ok {
			f.Why = whyNoMessage
			return helpers.Foreign
		}
		found := from > 0 && funnel(seg, f, at, &m, from, to)
		at += m.size
		if found {
			f.Consumed = at
			return helpers.More
		}
	}
	return helpers.Read
}

// messenger says whether data begins as a client of MSN Messenger does, which shares
// FortiOS's entry for port 1863.
func messenger(data []byte) bool {
	for _, word := range [...]string{"VER ", "USR ", "ANS "} {
		if bytes.HasPrefix(data, []byte(word)) {
			return true
		}
	}
	return false
}
