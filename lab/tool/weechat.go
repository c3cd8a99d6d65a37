package tool

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"portcullis/lab"
)

// Weechat starts WeeChat without a terminal, with its files in a directory: a client of
// the IRC server at an address, under a nickname. It takes files that are offered to
// it, into the directory. commands are carried out once it is logged in.
func Weechat(ns *lab.Namespace, dir string, server netip.Addr, nick string, commands ...string) (*lab.Process, error) {
	t, err := Find("weechat-headless")
	if err != nil {
		return nil, err
	}
	all := []string{
		"/set xfer.file.auto_accept_files on", "/set xfer.file.download_path " + dir, "/set xfer.file.auto_rename off", "/set xfer.file.use_nick_in_filename off",
		"/set irc.server_default.anti_flood 0", "/set logger.file.flush_delay 0",
		fmt.Sprintf("/server add lab %v/%d -notls -nicks=%s", server, IRCPort, nick), "/connect lab",
	}
	for _, c := range commands {
		all = append(all, "/wait 1500ms /command -buffer irc.server.lab irc "+c)
	}
	c := t.Command("--dir", filepath.Join(dir, "weechat"), "--run-command", strings.Join(all, ";"))
	if t.root != "" {
		found, _ := filepath.Glob(t.file("usr/lib/*-linux-gnu*/weechat")) // the pattern is well formed
		for _, d := range found {
			c.Env = append(c.Env, "WEECHAT_EXTRA_LIBDIR="+d)
		}
	}
	c.Env = append(c.Env, "HOME="+dir)
	c.Contain = true
	return ns.Start(c)
}
