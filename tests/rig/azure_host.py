#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stand-in for what an Azure host answers: metadata service and wireserver.

usage: azure_host.py SIZE [SIZE-AFTER-THE-FIRST-READY-REPORT]

To be started in a network namespace that has both addresses on its loopback, never elsewhere.
Every request is printed, one a line.
"""
import http.server
import json
import sys
import threading

METADATA, WIRESERVER = "169.254.169.254", "168.63.129.16"
MAC = "02:00:00:a2:00:01"

GOAL_STATE = """<?xml version="1.0" encoding="utf-8"?>
<GoalState xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="goalstate10.xsd">
<Version>2012-11-30</Version><Incarnation>1</Incarnation>
<Machine><ExpectedState>Started</ExpectedState><StopRolesDeadlineHint>300000</StopRolesDeadlineHint>
<LBProbePorts><Port>16001</Port></LBProbePorts><ExpectHealthReport>FALSE</ExpectHealthReport></Machine>
<Container><ContainerId>c1</ContainerId><RoleInstanceList><RoleInstance><InstanceId>i1</InstanceId>
<State>Started</State><Configuration><ConfigName>x</ConfigName></Configuration></RoleInstance>
</RoleInstanceList></Container></GoalState>"""


def instance(size):
    """What cloud-init's Azure datasource reads of /metadata/instance."""
    compute = {"azEnvironment": "AzurePublicCloud", "location": "westeurope", "name": "hpc0",
               "offer": "debian-12", "osType": "Linux", "publisher": "Debian", "sku": "12-gen2",
               "version": "0.20261101.1", "resourceGroupName": "rg", "tags": "", "tagsList": [],
               "osProfile": {"adminUsername": "azureuser", "computerName": "hpc0",
                             "disablePasswordAuthentication": "true"},
               "placementGroupId": "", "platformFaultDomain": "0", "platformUpdateDomain": "0",
               "provider": "Microsoft.Compute", "publicKeys": [], "userData": "",
               "subscriptionId": "00000000-0000-0000-0000-000000000000",
               "vmId": "ff702a6b-cb6a-4fcd-ad68-b4ce38227642", "vmScaleSetName": "",
               "vmSize": size, "zone": ""}
    ipv4 = {"subnet": [{"prefix": "24", "address": "10.0.0.0"}],
            "ipAddress": [{"privateIpAddress": "10.0.0.4", "publicIpAddress": ""}]}
    return {"compute": compute,
            "extended": {"compute": {"hasCustomData": True, "ppsType": "None"}},
            "network": {"interface": [{"macAddress": MAC.replace(":", "").upper(),
                                       "ipv6": {"ipAddress": []}, "ipv4": ipv4}]}}


class Handler(http.server.BaseHTTPRequestHandler):
    ready_reports = 0
    sizes = []

    def do_GET(self):
        if self.path.startswith("/metadata/instance"):
            size = self.sizes[min(Handler.ready_reports, len(self.sizes) - 1)]
            self.reply(200, json.dumps(instance(size)), "application/json")
        elif "comp=goalstate" in self.path:
            self.reply(200, GOAL_STATE, "text/xml")
        else:
            self.reply(404, "not here", "text/plain")

    def do_POST(self):
        Handler.ready_reports += 1
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.reply(200, "", "text/xml")

    def reply(self, status, text, kind):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *args):
        print(self.server.server_address[0], form % args, flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    Handler.sizes = sys.argv[1:]
    for address in (METADATA, WIRESERVER):
        server = http.server.ThreadingHTTPServer((address, 80), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
