insert into safeconduct.installed (version, signed) values (:version, :signed)
  on conflict (version) do update set signed = excluded.signed, installed_at = now();
