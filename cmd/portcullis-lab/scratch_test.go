package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"portcullis/examples"
	"portcullis/lab"
)

func TestScratch(t *testing.T) {
	star, err := lab.NewStar(matrixHosts...)
	if err != nil {
		t.Fatal(err)
	}
	defer star.Close()
	text, _ := examples.FS.ReadFile("ftps-matrix.toml")
	fw, err := lab.StartFirewall(star.Firewall, "../../bin/portcullis", string(text))
	if err != nil {
		t.Fatal(err)
	}
	defer fw.Close()
	c, _ := newContents()
	defer c.remove()
	if err := c.serve(t.Context(), star); err != nil {
		t.Fatal(err)
	}
	pick := os.Getenv("PICK")
	for round := range 20 {
		var list []*cell
		for _, cl := range cells() {
			if strings.Contains(cl.pairing.String()+": "+cl.way.title, pick) {
				list = append(list, cl)
			}
		}
		begin := time.Now()
		go c.fill(context.Background(), star, list)
		for _, cl := range list {
			<-cl.full
			for _, tr := range cl.tries {
				if tr.whole != cl.way.works(cl.pairing) {
					t.Errorf("%s %s %s: whole %v\n%s", cl.pairing, cl.way.title, tr, tr.whole, strings.Join(tr.got.Lines, "\n"))
				}
			}
		}
		fmt.Println(round, time.Since(begin), len(list))
		if t.Failed() || os.Getenv("ONCE") != "" {
			break
		}
	}
	for range 3 {
		out, err := exec.Command("../../bin/portcullis", "diagnose", "sys", "session", "list", "--control", fw.Control()).CombinedOutput()
		t.Log(string(out), err)
		time.Sleep(4*time.Second)
	}
	t.Log(fw.Stderr())
}
