package control

import (
	"testing"

	"portcullis/session"
)

// TestWords: each condition of a session has its word.
func TestWords(t *testing.T) {
	child := &session.Record{Master: session.Ref{ID: 1}, LogEnd: true, Shaper: 1, Blocked: true, Encrypted: true}
	if got := string(wordsOf(child, true).appendTo(nil)); got != "log per_ip dirty block ext tls" {
		t.Errorf("a child of which all is so: %q", got)
	}
	if got := string(wordsOf(&session.Record{Encrypted: true}, false).appendTo(nil)); got != "may_dirty tls" {
		t.Errorf("an encrypted control session: %q", got)
	}
}
