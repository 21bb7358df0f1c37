-- AWS Controllers for Kubernetes: a terminal fault is Degraded, a synced object Healthy, anything else Progressing.
hs = {}
hs.status = "Progressing"
hs.message = "Waiting for the controller"
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "ACK.Terminal" and condition.status == "True" then
      hs.status = "Degraded"
      hs.message = condition.message or "Terminal fault"
      return hs
    end
  end
  for _, condition in ipairs(obj.status.conditions) do
    if (condition.type == "Ready" or condition.type == "ACK.ResourceSynced") and condition.status == "True" then
      hs.status = "Healthy"
      hs.message = condition.message or ""
      return hs
    end
    if condition.type == "ACK.Recoverable" and condition.status == "True" then
      hs.message = condition.message or hs.message
    end
  end
end
return hs
