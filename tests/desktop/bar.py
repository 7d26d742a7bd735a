"""A bar that shows tray icons, and hears notifications, on the session bus.

It is what a desktop has: a StatusNotifierWatcher with a host, and a notification server. Commands come as JSON lines on
stdin, answers go as JSON lines to stdout: {"do":"menu"} gives the lines of the first icon's menu, {"do":"click","id":3}
clicks one, {"do":"icon"} gives what the icon says, {"do":"notifications"} what was notified, in order, {"do":"activate",
"id":7} clicks a notification.
"""

import json
import sys
import threading

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
NOTIFICATIONS = "org.freedesktop.Notifications"


class Watcher(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(dbus.service.BusName(WATCHER, bus), "/StatusNotifierWatcher")
        self.items = []

    @dbus.service.method(WATCHER, in_signature="s", sender_keyword="sender")
    def RegisterStatusNotifierItem(self, service, sender):
        name, path = (sender, service) if service.startswith("/") else (service, "/StatusNotifierItem")
        self.items.append((name, path))
        self.StatusNotifierItemRegistered(name + path)

    @dbus.service.method(WATCHER, in_signature="s")
    def RegisterStatusNotifierHost(self, service):
        self.StatusNotifierHostRegistered()

    @dbus.service.signal(WATCHER, signature="s")
    def StatusNotifierItemRegistered(self, item):
        pass

    @dbus.service.signal(WATCHER)
    def StatusNotifierHostRegistered(self):
        pass

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return self.GetAll(interface)[name]

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        names = dbus.Array([name + path for name, path in self.items], signature="s")
        return {
            "IsStatusNotifierHostRegistered": True,
            "ProtocolVersion": dbus.Int32(0),
            "RegisteredStatusNotifierItems": names,
        }


class Notifications(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(dbus.service.BusName(NOTIFICATIONS, bus), "/org/freedesktop/Notifications")
        self.raised = []
        self.closed = []

    @dbus.service.method(NOTIFICATIONS, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout):
        number = int(replaces) or len(self.raised) + 1
        self.raised.append({"id": number, "app": app, "summary": summary, "body": body, "actions": list(actions)})
        return dbus.UInt32(number)

    @dbus.service.method(NOTIFICATIONS, in_signature="u")
    def CloseNotification(self, number):
        self.closed.append(int(number))
        self.NotificationClosed(number, 3)

    @dbus.service.method(NOTIFICATIONS, out_signature="as")
    def GetCapabilities(self):
        return ["actions", "body", "body-markup", "persistence"]

    @dbus.service.method(NOTIFICATIONS, out_signature="ssss")
    def GetServerInformation(self):
        return ("bar", "hark", "1", "1.2")

    @dbus.service.signal(NOTIFICATIONS, signature="uu")
    def NotificationClosed(self, number, reason):
        pass

    @dbus.service.signal(NOTIFICATIONS, signature="us")
    def ActionInvoked(self, number, action):
        pass


def menu_of(bus, item):
    name, path = item
    properties = dbus.Interface(bus.get_object(name, path), dbus.PROPERTIES_IFACE)
    return dbus.Interface(bus.get_object(name, properties.Get(ITEM, "Menu")), MENU)


def answer(bus, watcher, notifications, question):
    do = question["do"]
    if do == "menu":
        if not watcher.items:
            return []
        _, (_, _, lines) = menu_of(bus, watcher.items[-1]).GetLayout(0, -1, [])
        return [
            {"id": int(id), "label": str(says.get("label", "")), "checked": int(says.get("toggle-state", -1))}
            for id, says, _ in lines
        ]
    if do == "click":
        menu_of(bus, watcher.items[-1]).Event(question["id"], "clicked", "", dbus.UInt32(0))
        return True
    if do == "icon":
        name, path = watcher.items[-1]
        properties = dbus.Interface(bus.get_object(name, path), dbus.PROPERTIES_IFACE)
        return {key: str(value) for key, value in properties.GetAll(ITEM).items()}
    if do == "notifications":
        return {"raised": notifications.raised, "closed": notifications.closed}
    if do == "activate":
        notifications.ActionInvoked(question["id"], "default")
        return True
    raise ValueError(do)


def main():
    DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    watcher, notifications = Watcher(bus), Notifications(bus)
    loop = GLib.MainLoop()

    def reply(question):
        try:
            said = answer(bus, watcher, notifications, question)
        except dbus.DBusException as error:
            print(error, file=sys.stderr)
            said = []
        print(json.dumps(said), flush=True)
        return False

    def listen():
        for line in sys.stdin:
            GLib.idle_add(reply, json.loads(line))
        GLib.idle_add(loop.quit)

    threading.Thread(target=listen, daemon=True).start()
    print("ready", flush=True)
    loop.run()


main()
