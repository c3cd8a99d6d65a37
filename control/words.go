package control

import (
	"encoding/json"
	"fmt"
)

// Words are what the state= line of a session says of it.
type Words uint16

// The words, in the order in which they are printed.
const (
	WordLog      Words = 1 << iota // its end is logged
	WordNew                        // an expectation
	WordMayDirty                   // accepted by a policy, and judged again when that changes
	WordPerIP                      // a per-IP shaper counts it
	WordDirty                      // it is to be judged again at its next packet
	WordBlock                      // a changed configuration took its permission away
	WordExt                        // announced by a helper
	WordTLS                        // a control session that its helper can not read any more, or a child of one
	WordMany                       // an expectation that any number of flows fulfil
	numWords     = iota
)

var wordNames = [numWords]string{"log", "new", "may_dirty", "per_ip", "dirty", "block", "ext", "tls", "many"}

// appendTo appends the words, each behind a blank but the first.
func (w Words) appendTo(b []byte) []byte {
	first := true
	for i, name := range wordNames {
		if w&(1<<i) == 0 {
			continue
		}
		if !first {
			b = append(b, ' ')
		}
		first = false
		b = append(b, name...)
	}
	return b
}

// MarshalJSON makes a list of strings.
func (w Words) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, name := range wordNames {
		if w&(1<<i) == 0 {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), name...), '"')
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads a list of strings.
func (w *Words) UnmarshalJSON(text []byte) error {
	var list []string
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*w = 0
	for _, word := range list {
		i := 0
		for i < numWords && wordNames[i] != word {
			i++
		}
		if i == numWords {
			return fmt.Errorf("session state %q: no such word", word)
		}
		*w |= 1 << i
	}
	return nil
}
