package handover

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"portcullis/helpers"
	"portcullis/session"
)

// Writer writes a stream: first sessions, then expectations, then Close. The first
// error of what it writes to is that of everything after it.
type Writer struct {
	out    *bufio.Writer
	now    session.Tick
	sum    uint32
	counts Counts
	frame  []byte // being built; frameHead is left free at its beginning
	memory []byte
}

// frameHead is the most that comes before the content of a frame.
const frameHead = 1 + binary.MaxVarintLen32

// writeBuffer is how much is written at a time, in bytes.
const writeBuffer = 256 << 10

var errTooLarge = errors.New("sessions: a record is larger than can be written")

// NewWriter begins a stream at tick now, the moment that h.Written tells by the
// wall clock. It keeps h no longer than the call.
func NewWriter(out io.Writer, h *Header, now session.Tick) (*Writer, error) {
	w := &Writer{out: bufio.NewWriterSize(out, writeBuffer), now: now}
	by := h.By[:min(len(h.By), 255)]
	b := binary.BigEndian.AppendUint16([]byte(magic), Version)
	b = append(append(b, uint8(len(by))), by...)
	if err := w.write(b); err != nil {
		return nil, err
	}
	return w, w.put(frameHeader, h.append(w.begin()))
}

// Session writes s, with what its helper remembers where that is not nil: control
// of a TCP session, st of another one.
func (w *Writer) Session(s *session.Record, control *helpers.Control, st *helpers.State) error {
	w.counts.Sessions++
	var memory []byte
	if control != nil || st != nil {
		w.memory = appendMemory(w.memory[:0], control, st)
		memory = w.memory
	}
	return w.put(frameSession, appendSession(w.begin(), s, w.now, memory))
}

// Expectation writes e.
func (w *Writer) Expectation(e *session.Expectation) error {
	w.counts.Expectations++
	return w.put(frameExpectation, appendExpectation(w.begin(), e, w.now))
}

// Counts is what was written so far.
func (w *Writer) Counts() Counts { return w.counts }

// Close ends the stream. It does not close what is written to.
func (w *Writer) Close() error {
	b := binary.AppendUvarint(w.begin(), uint64(w.counts.Sessions))
	b = binary.AppendUvarint(b, uint64(w.counts.Expectations))
	if err := w.put(frameEnd, b); err != nil {
		return err
	}
	if err := w.write(binary.BigEndian.AppendUint32(nil, w.sum)); err != nil {
		return err
	}
	return w.out.Flush()
}

// begin is where a frame's content is appended to.
func (w *Writer) begin() []byte {
	if w.frame == nil {
		w.frame = make([]byte, frameHead, 4096)
	}
	return w.frame[:frameHead]
}

// put writes a frame whose content was appended to begin.
func (w *Writer) put(kind uint8, frame []byte) error {
	w.frame = frame
	n := len(frame) - frameHead
	if n > maxFrame {
		return errTooLarge
	}
	var head [frameHead]byte
	head[0] = kind
	size := 1 + binary.PutUvarint(head[1:], uint64(n))
	at := frameHead - size
	copy(frame[at:], head[:size])
	return w.write(frame[at:])
}

func (w *Writer) write(b []byte) error {
	w.sum = crc32.Update(w.sum, castagnoli, b)
	_, err := w.out.Write(b)
	return err
}
