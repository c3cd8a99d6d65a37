package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
)

// TestCamera: gortsplib on both ends plays two streams from one pair of ports, and
// records, by datagrams that no policy lets through.
func TestCamera(t *testing.T) {
	camera := foreign(t, "camera")
	off := table("system.session-helper", `id = 8`, `status = "disable"`)
	modes(t, []string{"tcp 8554"}, "", "", off, func(t *testing.T, c crossing) {
		server, err := c.Host("server").Start(lab.Command{Path: camera, Args: []string{"serve", "10.2.0.2:8554"}, Contain: true})
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			conn, err := dial(c.Host("server"), "10.2.0.2", "10.2.0.2:8554")
			if err == nil {
				conn.Close()
				break
			}
			if server.Ended() || time.Now().After(deadline) {
				t.Fatal(err, server.Stdout())
			}
		}
		run := func(what, path string) string {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			p, err := c.Host("client").Run(ctx, lab.Command{Path: camera, Args: []string{what, "rtsp://" + c.to + ":8554/" + path}})
			if p == nil {
				t.Fatal(err)
			}
			return p.Stdout() + p.Stderr()
		}
		text := run("play", "duet")
		var one, two int
		if n, _ := fmt.Sscanf(text, "played %d\nplayed %d\n", &one, &two); (n == 2 && one > 30 && two > 30) == c.denied {
			t.Errorf("play: %s", text)
		}
		if text = run("record", "in"); strings.Contains(server.Stdout(), "recorded") == c.denied {
			t.Errorf("record: %s", text)
		}
		if !c.denied { // clients knock at ports that are the server's to speak from: nothing else is denied
			c.counted(t, 0, "action=deny", "srcip=10.2.0.2")
		}
	})
}
