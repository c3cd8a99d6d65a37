package packettest

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pptpForms are the control messages of PPTP (RFC 2637) by type: their names and
// lengths.
var pptpForms = [...]struct {
	name string
	size int
}{
	1: {"start-request", 156}, {"start-reply", 156}, {"stop-request", 16}, {"stop-reply", 16}, {"echo-request", 16}, {"echo-reply", 20},
	{"out-request", 168}, {"out-reply", 32}, {"in-request", 220}, {"in-reply", 24}, {"in-connected", 28},
	{"clear", 16}, {"disconnect", 148}, {"wan-error", 40}, {"set-link", 24},
}

const pptpHeader = 12

// pptpMessage reads NAME/WORD/...: a control message, with 16-bit words behind its
// header, then zeros.
func pptpMessage(word string) ([]byte, error) {
	parts := strings.Split(word, "/")
	for what, form := range pptpForms {
		if form.name == "" || form.name != parts[0] {
			continue
		}
		b := make([]byte, form.size)
		be := binary.BigEndian
		be.PutUint16(b, uint16(form.size))
		be.PutUint16(b[2:], 1)
		be.PutUint32(b[4:], 0x1a2b3c4d)
		be.PutUint16(b[8:], uint16(what))
		for i, w := range parts[1:] {
			n, err := strconv.ParseUint(w, 10, 16)
			if err != nil || pptpHeader+2*i+2 > form.size {
				return nil, fmt.Errorf("pptp %s: expected numbers up to 65535, not more than fit", word)
			}
			be.PutUint16(b[pptpHeader+2*i:], uint16(n))
		}
		return b, nil
	}
	return nil, fmt.Errorf("pptp %s: no such message", word)
}

// pptpWords are the words of which pptpMessage makes b; none where there are no such
// words.
func pptpWords(b []byte) (words []string) {
	for len(b) > 0 {
		if len(b) < pptpHeader {
			return nil
		}
		what := int(binary.BigEndian.Uint16(b[8:]))
		if what >= len(pptpForms) || pptpForms[what].size == 0 || pptpForms[what].size > len(b) {
			return nil
		}
		m := b[:pptpForms[what].size]
		b = b[len(m):]
		w := pptpForms[what].name
		for end := len(m); end > pptpHeader; end -= 2 {
			if m[end-1] != 0 || m[end-2] != 0 {
				for at := pptpHeader; at < end; at += 2 {
					w += "/" + strconv.Itoa(int(binary.BigEndian.Uint16(m[at:])))
				}
				break
			}
		}
		if back, err := pptpMessage(w); err != nil || !slices.Equal(back, m) {
			return nil
		}
		words = append(words, w)
	}
	return words
}
