package packettest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"portcullis/packet"
)

// sctpWords are the words of an SCTP packet.
type sctpWords struct {
	tag    uint32
	chunks []byte
}

// chunkNames are the words for chunk types (RFC 9260 section 3.2).
var chunkNames = []string{
	0: "data", 1: "init", 2: "init-ack", 3: "sack", 4: "heartbeat", 5: "heartbeat-ack", 6: "abort", 7: "shutdown",
	8: "shutdown-ack", 9: "error", 10: "cookie-echo", 11: "cookie-ack", 14: "shutdown-complete",
}

const chunkData, chunkInit, chunkInitAck = 0, 1, 2

// chunkBody is what a chunk of that type holds that is written without a body.
func chunkBody(typ uint8) []byte {
	switch typ {
	case chunkInit, chunkInitAck:
		return []byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 10, 0, 10, 0, 0, 0, 1}
	case 3:
		return make([]byte, 12)
	case 7:
		return make([]byte, 4)
	case 10:
		return []byte("cookie!!")
	}
	return nil
}

// sctpWord reads a word of an SCTP packet. A chunk is a word of its own; "/t" behind
// it sets its T bit.
func (p *parser) sctpWord(w string) (done bool, err error) {
	s := &p.l.sctp
	if w == "tag" {
		return true, wrap(w, p.number(&s.tag))
	}
	if w == "chunk" {
		return true, wrap(w, p.chunk())
	}
	name, t := strings.CutSuffix(w, "/t")
	typ := slices.Index(chunkNames, name)
	if typ <= chunkData || name == "" {
		return false, nil
	}
	flags := uint8(0)
	if t {
		flags = 1
	}
	body := chunkBody(uint8(typ))
	if typ == chunkInit || typ == chunkInitAck {
		var tag uint32
		err = p.number(&tag)
		binary.BigEndian.PutUint32(body, tag)
	}
	s.add(uint8(typ), flags, body)
	return true, wrap(w, err)
}

// chunk reads "TYPE=HEX" or "TYPE/FLAGS=HEX".
func (p *parser) chunk() error {
	number, body, _ := strings.Cut(p.next(), "=")
	number, flags, given := strings.Cut(number, "/")
	typ, err := strconv.ParseUint(number, 10, 8)
	if err != nil {
		return err
	}
	f := uint64(0)
	if given {
		if f, err = strconv.ParseUint(flags, 10, 8); err != nil {
			return err
		}
	}
	b, err := hex.DecodeString(body)
	p.l.sctp.add(uint8(typ), uint8(f), b)
	return err
}

func (s *sctpWords) add(typ, flags uint8, body []byte) {
	s.chunks = append(s.chunks, typ, flags)
	s.chunks = binary.BigEndian.AppendUint16(s.chunks, uint16(4+len(body)))
	s.chunks = append(s.chunks, body...)
	for len(s.chunks)%4 != 0 {
		s.chunks = append(s.chunks, 0)
	}
}

// dataHead is what stands before the payload of a DATA chunk.
const dataHead = 12

// chunkList is the chunks of the line, the last of them a DATA chunk with its
// payload.
func (l *line) chunkList() []byte {
	s := sctpWords{chunks: slices.Clone(l.sctp.chunks)}
	if len(l.data) > 0 {
		s.add(chunkData, 3, append(make([]byte, dataHead), l.data...)) // begins and ends a message
	}
	return s.chunks
}

// sctpSum is the checksum of an SCTP packet (RFC 9260 section 6.8 and appendix A).
func sctpSum(h []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, table, h[:8])
	sum = crc32.Update(sum, table, make([]byte, 4))
	return crc32.Update(sum, table, h[12:])
}

// sctp prints an SCTP packet whose header h begins.
func (w *writer) sctp(h []byte) {
	w.value("tag", uint64(binary.BigEndian.Uint32(h[4:])), 0)
	var payload []byte
	for list := h[12:]; len(list) > 0; {
		c, rest, ok := packet.NextChunk(list)
		if !ok {
			w.word("hex %x", list) // it is quoted, and cut
			return
		}
		list = rest
		if len(list) == 0 && c.Type == chunkData && c.Flags == 3 && len(c.Value) > dataHead && allZero(c.Value[:dataHead]) {
			payload = c.Value[dataHead:]
			continue
		}
		w.chunk(&c)
	}
	w.cutData(payload)
}

// chunk prints a chunk as a word where its body is the one that the word writes.
func (w *writer) chunk(c *packet.Chunk) {
	if int(c.Type) < len(chunkNames) && c.Type != chunkData && chunkNames[c.Type] != "" && c.Flags <= 1 {
		body, usual, number := c.Value, chunkBody(c.Type), ""
		if tag := c.InitiateTag(); c.Type == chunkInit || c.Type == chunkInitAck {
			body, usual, number = body[4:], usual[4:], fmt.Sprintf(" %d", tag)
		}
		if string(body) == string(usual) {
			w.word("%s%s%s", chunkNames[c.Type], []string{"", "/t"}[c.Flags], number)
			return
		}
	}
	w.word("chunk %d", c.Type)
	if c.Flags != 0 {
		fmt.Fprintf(w, "/%d", c.Flags)
	}
	fmt.Fprintf(w, "=%x", c.Value)
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
